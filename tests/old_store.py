"""Writes what releases before the policy wrote: stores that they left behind are read for ever."""

from dataclasses import asdict, replace

from lifecycle import clock, journal
from lifecycle.old_aliases import CHAMPION, PREFIX, AliasEntry


def crown_the_old_way(registry, key, entry, *, reason=""):
    unsigned = AliasEntry(CHAMPION, entry.version, entry.digest, clock.timestamp(clock.now()), "old", reason)
    signed = replace(unsigned, signature=key.sign(unsigned.signed_bytes()))
    journal.append(registry.control, PREFIX, {"format": 1, **asdict(signed)})
