"""What a disk spoilt in a spool is told to the store beside the drops: else a window looks complete and is not.

How many rows it was can't be known where bytes are gone: at least one for each damaged place and unreadable event.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lifecycle.errors import AlreadyExistsError
from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.drop_counts import HOUR_MS, DropDocument, HourDrops
from lifecycle.prediction_log.record_schema import Kind
from lifecycle.prediction_log.segments import hour_folder
from lifecycle.prediction_log.spool_files import read_events


class _Sizes(msgspec.Struct):
    """What an event tells of how many rows it has."""

    rows: int = 0
    prediction_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Losses:
    """`damaged` and `unreadable` in rows, at least."""

    damaged: int = 0
    unreadable: int = 0


def tell(records: ObjectStore, plan: str, kind: Kind, hour: int, losses: Losses) -> None:
    """Under the plan's own name: a replay tells nothing twice. `hour` is Unix time in whole hours."""
    found = {"damaged": losses.damaged, "unreadable": losses.unreadable}
    drops = tuple(HourDrops(hour, reason, rows, rows) for reason, rows in found.items() if rows)
    if drops:
        origin = plan.replace("-", "s")
        with suppress(AlreadyExistsError):
            key = f"{hour_folder('drops', hour)}/{origin}-000001.json"
            records.create(key, DropDocument(kind, origin, 1, drops).to_bytes())


def in_unreadable_spools(paths: Sequence[Path]) -> Losses:
    """Whole events that no header explains, and places where there is none."""
    damaged = unreadable = 0
    for path in paths:
        reader = read_events(path)
        unreadable += sum(map(_rows, reader))
        damaged += reader.damaged_places
    return Losses(damaged, unreadable)


def hour_of(path: Path) -> int:
    """The hour in which a spool was written last."""
    return int(path.stat().st_mtime * 1000) // HOUR_MS


def _rows(event: bytes) -> int:
    try:
        sizes = msgspec.json.decode(event, type=_Sizes)
    except msgspec.MsgspecError:
        return 1
    return max(sizes.rows, len(sizes.prediction_ids))
