"""Which spools become which segment, and what came of it."""

from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from lifecycle.logs import get_logger

FORMAT = 1

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """These spools become the segment `name`, one object for each hour in them.

    `tries` counts the conversions that were begun since one went well: it is the first while it is 1. `apart`: each
    spool becomes a segment of its own and goes when it is put, after they could not be converted together.
    """

    name: str
    spools: tuple[str, ...]
    tries: int = 1
    apart: bool = False
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Shipped:
    """What a round did. `damaged_bytes` and `unreadable` rows are losses; a torn tail was never acknowledged."""

    segments: int = 0
    spools: int = 0
    torn_tail_bytes: int = 0
    damaged_bytes: int = 0
    unreadable: int = 0

    def __add__(self, other: "Shipped") -> "Shipped":
        return Shipped(*(mine + its for mine, its in zip(_values(self), _values(other), strict=True)))


def read_plan(path: Path, spool: Path) -> Plan:
    """Of one that a disk spoilt its name is left, which its first spool gave: the others are planned anew then.

    That may store rows twice, where all were put already, and loses none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except msgspec.MsgspecError:
        log.error("plan_unreadable", plan=path.stem)
        return Plan(path.stem, tuple(found.name for found in spool.glob(f"*-{path.stem}.sealed")))


def _values(shipped: Shipped) -> tuple[int, ...]:
    return tuple(asdict(shipped).values())
