"""The whole events of a plan's spools, one a line in a file: what DuckDB reads."""

from itertools import islice
from pathlib import Path

from lifecycle.prediction_log.record_schema import CorruptRecordsError, RecordSchema, schema_from_bytes
from lifecycle.prediction_log.spool_files import first_event, read_events


class PlanEvents:
    """`longest`, `torn` and `damaged` are bytes; each of the `damaged_places` held an event or more."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.longest = self.torn = self.damaged = self.damaged_places = 0

    def gather(self, spools: list[Path]) -> RecordSchema | None:
        """Their common columns, or None where no header can be read."""
        schema = _schema(first_event(spools[0]))
        with self.path.open("wb") as lines:
            for spool in spools:
                reader = read_events(spool)
                for event in islice(reader, 1, None):
                    self.longest = max(self.longest, len(event))
                    lines.write(event + b"\n")
                self.torn += reader.torn_tail_bytes
                self.damaged += reader.damaged_bytes
                self.damaged_places += reader.damaged_places
        return schema


def _schema(header: bytes | None) -> RecordSchema | None:
    try:
        return None if header is None else schema_from_bytes(header)
    except CorruptRecordsError:
        return None
