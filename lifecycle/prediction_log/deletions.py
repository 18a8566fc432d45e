"""Subjects that asked to be forgotten: what of theirs still lies in some machine's spool is kept out when it comes.

A deletion names its units by salted hashes only, and holds for rows up to its own time: who comes back later is new.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import msgspec

from lifecycle import clock
from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.duck import text

FORMAT = 1
FOLDER = "deletions"


@dataclass(frozen=True, slots=True)
class Deletion:
    until_ms: int
    salt: str
    units: tuple[str, ...]
    format: int = FORMAT

    def matches(self) -> str:
        """SQL over a segment of predictions: whether a row is theirs. Never NULL."""
        digests = ", ".join(map(text, self.units))
        theirs = f"coalesce(sha256({text(self.salt)} || unit_id) IN ({digests}), false)"
        return f"(at_ms <= {self.until_ms} AND {theirs})"


def record_deletion(records: ObjectStore, units: Iterable[str]) -> Deletion:
    """`units`: one or more, as they stand in the log."""
    salt, until_ms = secrets.token_hex(16), clock.unix_ms()
    digests = sorted(hashlib.sha256((salt + unit).encode()).hexdigest() for unit in units)
    made = Deletion(until_ms, salt, tuple(digests))
    records.create(f"{FOLDER}/{until_ms:013d}-{salt[:8]}.json", msgspec.json.encode(asdict(made)))
    return made


def deletions_since(records: ObjectStore, unix_ms: int) -> tuple[Deletion, ...]:
    """Those that can concern rows of that time or later."""
    return tuple(
        msgspec.json.decode(records.get(key), type=Deletion)
        for key in records.list(FOLDER, after=f"{FOLDER}/{unix_ms:013d}")
    )


def expire_deletions(records: ObjectStore, before_ms: int) -> int:
    """Those whose rows are all older, and gone."""
    old = [
        key for key in records.list(FOLDER) if int(key.removeprefix(f"{FOLDER}/").split("-")[0]) < before_ms
    ]
    for key in old:
        records.delete(key)
    return len(old)


def any_matches(deletions: Iterable[Deletion]) -> str:
    return " OR ".join(one.matches() for one in deletions) or "false"
