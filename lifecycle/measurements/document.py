"""Cells by minute, as a file of one process, as a machine's document in the store, and as the sum of many."""

from collections.abc import Iterable

import msgspec

from lifecycle.errors import CorruptBundleError
from lifecycle.measurements.cell import Cell, together

FORMAT = 1
MINUTES_AN_HOUR = 60

ByMinute = dict[int, list[Cell]]


class Measurements(msgspec.Struct, frozen=True, kw_only=True):
    """`minutes`: by minutes of Unix time. `written_ms`: Unix time, so that silence is known from idleness."""

    minutes: ByMinute
    written_ms: int
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(self)


def from_bytes(data: bytes, key: str) -> Measurements:
    """Raises CorruptBundleError, naming the key."""
    try:
        return msgspec.json.decode(data, type=Measurements)
    except msgspec.MsgspecError as problem:
        raise CorruptBundleError(f"The measurements {key} can't be read: {problem}.") from problem


def merged(parts: Iterable[ByMinute]) -> ByMinute:
    """The sum: the order of the parts and how they were cut never matter."""
    found: ByMinute = {}
    for part in parts:
        for minute, cells in part.items():
            found.setdefault(minute, []).extend(cells)
    return {minute: together(cells) for minute, cells in sorted(found.items())}


def by_hour(minutes: ByMinute) -> dict[int, ByMinute]:
    """By hours of Unix time: a document in the store covers one."""
    found: dict[int, ByMinute] = {}
    for minute, cells in minutes.items():
        found.setdefault(minute // MINUTES_AN_HOUR, {})[minute] = cells
    return found
