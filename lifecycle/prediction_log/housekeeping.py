"""The worker's housekeeping of the log. Each job holds the one claim `records`: none meets another half-way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifecycle.claims import claimed
from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.compaction import (
    Compactor,
    compact_hours,
    delete_units,
    erase_late,
    expire,
    sweep,
)
from lifecycle.prediction_log.segment_cache import SegmentCache

JOB = "records"
LIMIT_S = 3600.0
STEP_HOURS = 24


@dataclass(frozen=True, slots=True)
class Compacted:
    """`erased`: predictions of deleted subjects that came late; `hours` were written anew, `swept` objects went."""

    erased: int = 0
    hours: int = 0
    swept: int = 0


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Every method raises ClaimHeldError while another machine is at it, and ClaimEndedError at `limit_s`."""

    control: ObjectStore
    records: ObjectStore
    cache: SegmentCache
    limit_s: float = LIMIT_S

    def compact(self, hours: range) -> Compacted:
        compactor = Compactor(self.records, self.cache)
        erased = written = swept = 0
        with claimed(self.control, JOB, self.limit_s) as claim:
            for start in range(hours.start, hours.stop, STEP_HOURS):
                step = range(start, min(start + STEP_HOURS, hours.stop))
                claim.still()
                erased += erase_late(self.records, self.cache, step, still=claim.still)
                written += compact_hours(compactor, step, still=claim.still)
                swept += sweep(self.records, step)
        return Compacted(erased, written, swept)

    def expire(self, now: datetime, keep: timedelta) -> int:
        """Delete what is older than `keep`; how many objects went."""
        with claimed(self.control, JOB, self.limit_s) as claim:
            return expire(self.records, now - keep, still=claim.still)

    def delete_units(self, units: Iterable[str], hours: range) -> int:
        """How many predictions went; `units` as they stand in the log."""
        with claimed(self.control, JOB, self.limit_s) as claim:
            return delete_units(self.records, self.cache, units, hours, still=claim.still)
