"""A lock that a killed walker left on the state of terraform/traffic: whose it is, and who may break it.

Terraform tells who holds a lock and since when. A walker notes in the folder of its own claim, before it starts
Terraform, who it will be there. A lock is a dead walker's when the newest note that fits it is of an older claim:
nobody gets a newer claim while the holder of an older one lives.
"""

import os
import pwd
import re
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import msgspec

_FIELD = re.compile(r"^[^\w]*(ID|Operation|Who|Created):\s+(.+?)\s*$", re.MULTILINE)
_HELD = "Error acquiring the state lock"


@dataclass(frozen=True, slots=True)
class StateLock:
    id: str
    who: str
    created: datetime


@dataclass(frozen=True, slots=True)
class LockNote:
    """`claim` is the number of the walker's claim, `at` the moment before it started Terraform, by its own clock."""

    claim: int
    who: str
    at: str

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(asdict(self))


def note_from_bytes(data: bytes) -> LockNote | None:
    try:
        return msgspec.json.decode(data, type=LockNote)
    except msgspec.MsgspecError:
        return None


def myself() -> str:
    """As Terraform names whoever holds a lock: user@host."""
    return f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"


def is_held(told: str) -> bool:
    return _HELD in told


def lock_in(told: str) -> StateLock | None:
    """The lock that Terraform's refusal tells of; None where it failed for another reason."""
    if _HELD not in told:
        return None
    found = dict(_FIELD.findall(told))
    try:
        return StateLock(found["ID"], found["Who"], _go_time(found["Created"]))
    except (KeyError, ValueError):
        return None


def may_break(lock: StateLock, notes: Iterable[LockNote], mine: int) -> bool:
    """Whether an older claim's walker left it. Both times are of that walker's own machine."""
    before = [note for note in notes if note.who == lock.who and _moment(note) <= lock.created]
    return bool(before) and max(before, key=_moment).claim < mine


def _moment(note: LockNote) -> datetime:
    return datetime.fromisoformat(note.at)


def _go_time(told: str) -> datetime:
    """As Go prints a time: 2026-11-26 16:56:29.402123456 +0000 UTC, with as many digits as there are. Raises ValueError."""
    day, time, zone, *_ = told.split(" ")
    whole, _, fraction = time.partition(".")
    if zone != "+0000":
        raise ValueError(told)
    return datetime.fromisoformat(f"{day}T{whole}.{(fraction + '000000')[:6]}").replace(tzinfo=UTC)
