"""What could not be recorded is told to the store as well: without it a window looks complete and is not."""

from contextlib import suppress
from pathlib import Path

from lifecycle import clock
from lifecycle.errors import AlreadyExistsError
from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.drop_counts import read_drop_counts
from lifecycle.prediction_log.segments import hour_folder
from lifecycle.prediction_log.spool_files import is_abandoned

EVERY_S = 60.0


class DropShipper:
    """Counts only grow, and readers take an origin's highest number: shipping twice changes nothing."""

    def __init__(self, records: ObjectStore, spool: Path) -> None:
        self._records = records
        self._spool = spool
        self._numbers: dict[Path, int] = {}
        self._next = 0.0

    def ship(self) -> None:
        """The living writers' counts once a minute, the dead ones' at once, and for the last time."""
        now = clock.monotonic()
        due = now >= self._next
        for path in sorted(self._spool.glob("*.counts")):
            abandoned = is_abandoned(path)
            if due or abandoned:
                self._ship_one(path)
            if abandoned:
                path.unlink(missing_ok=True)
                self._numbers.pop(path, None)
        if due:
            self._next = now + EVERY_S

    def _ship_one(self, path: Path) -> None:
        document = read_drop_counts(path)
        if document is None or document.number == self._numbers.get(path):
            return
        folder = hour_folder("drops", max(drop.hour for drop in document.drops))
        with suppress(AlreadyExistsError):  # put before this agent started
            self._records.create(
                f"{folder}/{document.origin}-{document.number:06d}.json", document.to_bytes()
            )
        self._numbers[path] = document.number
