"""API keys: `pf_<id>_<secret>_<checksum>`, kept as SHA-256 only. Who holds one, what it may do, until when.

The secret is 256 random bits, so a plain fast hash is enough. The checksum lets a typo, and a scanner for leaked
keys, be sure of what it sees without asking anybody.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal, get_args

from lifecycle.clock import timestamp
from lifecycle.errors import NotFoundError, PicklefleetError

Scope = Literal["predict", "feedback", "read", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

MAX_LIVE = 2  # of one owner and label: the key in use and the one that replaces it
_TEXT = re.compile(r"(pf_([0-9a-f]{12})_[0-9a-f]{64})_([0-9a-f]{8})", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class Refusal(Enum):
    """Why a credential lets nobody in. An unknown id and a wrong secret are one: nothing tells them apart."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the owner that ids and records are bound to, through which key, and what it may do."""

    owner: str
    key_id: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key. Times are RFC 3339 as `clock.timestamp` writes them, so they sort as texts."""

    key_id: str
    owner: str
    label: str
    scopes: tuple[Scope, ...]
    digest: str = field(repr=False)
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None

    def refusal(self, moment: str) -> Refusal | None:
        """Why the key is dead at that moment, or None while it lives."""
        if self.revoked_at is not None:
            return Refusal.REVOKED
        if self.expires_at is not None and self.expires_at <= moment:
            return Refusal.EXPIRED
        return None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: `text` is shown once and kept nowhere."""

    text: str = field(repr=False)
    key: ApiKey


@dataclass(frozen=True, slots=True)
class KeySet:
    """Every key that was ever made, by id."""

    keys: Mapping[str, ApiKey] = field(default_factory=dict)

    @classmethod
    def of(cls, keys: Iterable[ApiKey]) -> "KeySet":
        return cls({key.key_id: key for key in keys})

    def authenticate(self, text: str | None, now: datetime) -> Caller | Refusal:
        """One path for an unknown id and a wrong secret: the same hash, the same comparison, the same answer."""
        if not text:
            return Refusal.MISSING
        key_id = claimed_id(text)
        if key_id is None:
            return Refusal.MALFORMED
        key = self.keys.get(key_id, _NOBODY)
        if not hmac.compare_digest(key.digest, _digest(text)):
            return Refusal.UNKNOWN
        return key.refusal(timestamp(now)) or Caller(key.owner, key.key_id, frozenset(key.scopes))

    def live(self, owner: str, label: str, now: datetime) -> list[ApiKey]:
        moment = timestamp(now)
        held = (key for key in self.keys.values() if (key.owner, key.label) == (owner, label))
        return [key for key in held if key.refusal(moment) is None]

    def with_key(self, key: ApiKey, now: datetime) -> "KeySet":
        """Raises PicklefleetError when the owner has two live keys of that label already."""
        live = self.live(key.owner, key.label, now)
        if len(live) >= MAX_LIVE:
            names = " and ".join(one.key_id for one in live)
            raise PicklefleetError(
                f"{key.owner} has {MAX_LIVE} live keys labelled {key.label!r}: {names}.",
                fix=f"Revoke one first (picklefleet keys revoke {live[0].key_id}), or give another --label.",
            )
        return self._with(key)

    def rotate(self, key_id: str, new: ApiKey, now: datetime, overlap: timedelta) -> "KeySet":
        """Add the new key; the old one ends after `overlap`, or at its own expiry where that comes first."""
        old = self.live_key(key_id, now)
        end = timestamp(now + overlap)
        ending = replace(old, expires_at=min(end, old.expires_at or end))
        return self._with(ending).with_key(new, now)

    def revoke(self, key_id: str, now: datetime) -> "KeySet":
        """Revoking again changes nothing. Raises NotFoundError."""
        key = self._known(key_id)
        return self._with(replace(key, revoked_at=key.revoked_at or timestamp(now)))

    def live_key(self, key_id: str, now: datetime) -> ApiKey:
        """Raises NotFoundError, and PicklefleetError for a key that is dead."""
        key = self._known(key_id)
        refusal = key.refusal(timestamp(now))
        if refusal is not None:
            raise PicklefleetError(
                f"The key {key_id} is {refusal.value}.",
                fix=f"Make a new one: picklefleet keys create --owner {key.owner}",
            )
        return key

    def _known(self, key_id: str) -> ApiKey:
        key = self.keys.get(key_id)
        if key is None:
            raise NotFoundError(f"There is no key {key_id!r}.", fix="See: picklefleet keys list")
        return key

    def _with(self, key: ApiKey) -> "KeySet":
        return KeySet({**self.keys, key.key_id: key})


def make_key(
    owner: str, scopes: Iterable[Scope], now: datetime, *, label: str = "default", lifetime: timedelta | None
) -> NewKey:
    """A new key that lives for `lifetime`, or until it is revoked. Raises PicklefleetError for a name that won't do."""
    for what, name in (("owner", owner), ("label", label)):
        if not _NAME.fullmatch(name):
            raise PicklefleetError(
                f"The {what} can't be named so.",
                fix="Use 1 to 64 letters, digits, dots, hyphens and underscores; begin with a letter or digit.",
            )
    wanted = set(scopes)
    key_id = secrets.token_hex(6)
    text = with_checksum(f"pf_{key_id}_{secrets.token_hex(32)}")
    expires_at = None if lifetime is None else timestamp(now + lifetime)
    kept = tuple(scope for scope in SCOPES if scope in wanted)
    return NewKey(text, ApiKey(key_id, owner, label, kept, _digest(text), timestamp(now), expires_at))


def claimed_id(text: str) -> str | None:
    """The id in a text that has a key's form and a right checksum; the secret is not looked at."""
    found = _TEXT.fullmatch(text)
    return found[2] if found and with_checksum(found[1]) == text else None


def with_checksum(body: str) -> str:
    return f"{body}_{zlib.crc32(body.encode()):08x}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# compared with where no key has the id; nothing is known that hashes to it
_NOBODY = ApiKey("", "", "", (), "0" * 64, "")
