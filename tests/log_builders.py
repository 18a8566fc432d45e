"""A machine that records and ships, and the log that reads what it shipped."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.shipper import Shipped, Shipper
from lifecycle.prediction import row_key_reference
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.records import Feedback, PredictionRecord
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.window import Window
from tests.record_builders import HOUR, NOON, SIGNATURE, recorder, records_area

START = datetime.fromtimestamp(NOON / 1000, UTC)
THREE_HOURS = Window(START, START + timedelta(hours=3))


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.area = records_area(folder / "store")
        self.spool = folder / "spool"
        self.cache = SegmentCache(self.area, folder / "cache")
        self.log = PredictionLog(self.area, self.cache, memory="256MB", threads=1)

    def record(self, *made: PredictionRecord) -> None:
        """Into the spool, and not into the store yet."""
        writing = recorder(self.spool)
        for one in made:
            writing.prediction(SIGNATURE, one)
        writing.close()

    def ship(self) -> Shipped:
        return Shipper(self.area, self.spool).ship()

    def predict(self, *made: PredictionRecord) -> None:
        self.record(*made)
        self.ship()

    def label(self, values: Mapping[str, object], *, received_ms: int = NOON + HOUR, owner: str = "") -> None:
        self._tell(list(values), list(values.values()), received_ms, owner)

    def label_by_key(
        self, values: Mapping[str, object], *, received_ms: int = NOON + HOUR, owner: str = ""
    ) -> None:
        self._tell([row_key_reference(key) for key in values], list(values.values()), received_ms, owner)

    def _tell(
        self, references: Sequence[str], actuals: Sequence[object], received_ms: int, owner: str
    ) -> None:
        writing = recorder(self.spool)
        writing.feedback(
            Feedback(
                prediction_ids=references,
                actuals=actuals,
                observed_ms=[None] * len(references),
                received_ms=received_ms,
                owner=owner,
            )
        )
        writing.close()
        self.ship()

    def rows(self, window: Window = THREE_HOURS) -> Counter[str]:
        return Counter(one for b in self.log.scan(window, ["prediction_id"]) for one in b["prediction_id"])

    def labels(self, window: Window = THREE_HOURS) -> dict[str, str]:
        found: dict[str, str] = {}
        for batch in self.log.labelled(window, ["label"]):
            found |= dict(zip(batch["prediction_id"], batch["actual"], strict=True))
        return found
