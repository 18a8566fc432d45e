"""The predict path without a framework. Every lane calls this very code, for one request or for several at once."""

from collections.abc import Sequence
from itertools import islice

from lifecycle.batch import MOST_TOGETHER, joined, parted
from lifecycle.errors import ModelFailureError
from lifecycle.signature import Method
from webapp.asked import Asked, Call
from webapp.http_answer import Answer
from webapp.service import Service


def answer_predict(service: Service, call: Call) -> Answer:
    """Never raises: what goes wrong becomes a problem."""
    asked = Asked(service, call)
    asked.read()
    for batch in batches([asked]):
        predict_together(batch)
        record_together(service, batch)
    return asked.answer()


def predict_together(batch: Sequence[Asked]) -> None:
    """The second step, for what may be asked as one; where that fails, each is asked alone, so that nobody answers for
    another's rows.
    """
    if len(batch) == 1 or not _predict_batch(batch):
        for one in batch:
            _predict_alone(one)


def record_together(service: Service, batch: Sequence[Asked]) -> None:
    """The answers are written, and recorded in one go before the first of them leaves."""
    for one in batch:
        one.write()
    try:
        service.record_predictions([one.record for one in batch if one.record is not None])
    except Exception as error:  # noqa: BLE001 - told by their answers
        for one in batch:
            one.fail(error)


def batches(asked: Sequence[Asked]) -> list[list[Asked]]:
    """What may be asked as one, in order: the same of the same model, at most MOST_TOGETHER rows; those that failed
    already are left out.
    """
    found: list[list[Asked]] = []
    latest: dict[tuple[str, Method | None], tuple[list[Asked], int]] = {}
    for one in asked:
        model = one.model
        if model is None:
            continue
        key, rows = (model.digest, one.request.method), one.request.rows
        batch, so_far = latest.get(key, ([], MOST_TOGETHER))
        if so_far + rows > MOST_TOGETHER or not model.by_rows:
            batch, so_far = [], 0
            found.append(batch)
        batch.append(one)
        latest[key] = batch, so_far + rows
    return found


def _predict_batch(batch: Sequence[Asked]) -> bool:
    model, requests = batch[0].model, [one.request for one in batch]
    if model is None:
        return False
    rows = [request.rows for request in requests]
    try:
        together = model.predict(
            joined([request.columns for request in requests]), sum(rows), requests[0].method, rows
        )
    except ModelFailureError:
        return False
    for one, predictions in zip(batch, parted(together, rows), strict=True):
        one.predicted(predictions)
    texts = batch[0].text.texts(together)
    if texts is not None:
        each = iter(texts)
        for one, count in zip(batch, rows, strict=True):
            one.texts = list(islice(each, count))
    return True


def _predict_alone(one: Asked) -> None:
    try:
        if one.model is not None:
            one.predicted(one.model.predict(one.request.columns, one.request.rows, one.request.method))
    except Exception as error:  # noqa: BLE001 - told by its answer
        one.fail(error)
