"""The worker's care for the log of predictions: full hours become one segment each, what is too old goes."""

from dataclasses import dataclass
from datetime import timedelta

from lifecycle import clock
from lifecycle.claims import ClaimHeldError
from lifecycle.logs import get_logger
from lifecycle.prediction_log.drop_counts import HOUR_MS
from lifecycle.prediction_log.housekeeping import Housekeeping
from lifecycle.prediction_log.segment_index import held_hours

# Late rows of older hours, such as an import brings, are read well enough as they lie; `picklefleet log compact`
# takes every hour.
BACK_HOURS = 7 * 24

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LogKeeping:
    """`keep`: how long records stay."""

    housekeeping: Housekeeping
    keep: timedelta

    def once(self) -> None:
        """Nothing is done while another machine is at it. Raises PicklefleetError when the store is away."""
        try:
            done = self.housekeeping.compact(self._full_hours())
            expired = self.housekeeping.expire(clock.now(), self.keep)
        except ClaimHeldError:
            log.info("log_kept_elsewhere")
            return
        log.info("log_kept", hours=done.hours, swept=done.swept, erased=done.erased, expired=expired)

    def _full_hours(self) -> range:
        now = clock.unix_ms() // HOUR_MS
        held = held_hours(self.housekeeping.records)
        return range(max(held.start, now - BACK_HOURS), min(held.stop, now))
