"""The spools of a plan → the files that are put, with the names that they get."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from agent import losses
from agent.losses import Losses
from agent.plan_events import PlanEvents
from lifecycle.prediction_log.record_schema import Kind
from lifecycle.prediction_log.segments import segment_key, write_segments


class NotConvertibleError(Exception):
    """These spools hold what no segment can be made of: trying again gives the same."""


@dataclass(frozen=True, slots=True)
class Converted:
    """`segments` are keys and files; what was lost in them is told for `hour`; `torn` and `damaged` are bytes."""

    kind: Kind
    segments: tuple[tuple[str, Path], ...]
    hour: int
    lost: Losses
    torn: int
    damaged: int


def convert(name: str, paths: list[Path], folder: Path) -> Converted | None:
    """None where no header can be read. Raises NotConvertibleError, and duckdb.IOException for a full disk."""
    try:
        return _convert(name, paths, folder)
    except duckdb.IOException:
        raise
    except (duckdb.Error, ValueError, OverflowError) as problem:
        raise NotConvertibleError(f"{type(problem).__name__} in {name}") from problem


def _convert(name: str, paths: list[Path], folder: Path) -> Converted | None:
    folder.mkdir(parents=True, exist_ok=True)
    events = PlanEvents(folder / "events")
    schema = events.gather(paths)
    if schema is None:
        return None
    written = write_segments(events.path, schema, folder, longest=events.longest)
    segments = tuple((segment_key(schema.kind, one.hour, name), one.path) for one in written.segments)
    hour = written.segments[0].hour if written.segments else losses.hour_of(paths[0])
    lost = Losses(events.damaged_places, written.unreadable)
    return Converted(schema.kind, segments, hour, lost, events.torn, events.damaged)
