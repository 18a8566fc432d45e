"""Golden rows that the machine's own agent asks are nobody's predictions: no night and no retraining shall see them."""

from collections.abc import Callable

from lifecycle.prediction_log.records import PredictionRecord
from lifecycle.signature import Signature
from webapp.authentication import SMOKE

Record = Callable[[Signature, PredictionRecord], bool]


def record_callers(record: Record) -> Record:
    def recorded(signature: Signature, prediction: PredictionRecord) -> bool:
        return True if prediction.owner == SMOKE.owner else record(signature, prediction)

    return recorded
