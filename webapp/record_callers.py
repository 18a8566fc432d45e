"""Golden rows that the machine's own agent asks are nobody's predictions: no night and no retraining shall see them."""

from collections.abc import Callable, Sequence

from lifecycle.prediction_log.records import Recorded
from webapp.authentication import SMOKE

Record = Callable[[Sequence[Recorded]], bool]


def record_callers(record: Record) -> Record:
    def recorded(predictions: Sequence[Recorded]) -> bool:
        callers = [one for one in predictions if one[1].owner != SMOKE.owner]
        return record(callers) if callers else True

    return recorded
