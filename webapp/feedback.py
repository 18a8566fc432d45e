"""POST /api/v1/feedback: the true values of earlier predictions, recorded before the answer leaves.

A body of another shape is refused as a whole; what an item says is judged for that item alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import ValidationError

from lifecycle.prediction import FleetKey, verify
from lifecycle.prediction_log.records import Feedback
from lifecycle.true_values import NotATrueValueError, TrueValues
from webapp import problems
from webapp.access import caller
from webapp.body import read_body
from webapp.context import request_id, served, service, to_response
from webapp.contract import InvalidRequestError
from webapp.explanation import explain
from webapp.faults import Fault, pointer
from webapp.feedback_schemas import FeedbackItemSchema, FeedbackRequestSchema
from webapp.fields import moment
from webapp.http_answer import Answer
from webapp.negotiation import require_json_body
from webapp.problems import ProblemError
from webapp.record_time import HEADER, record_time
from webapp.strict_json import parse
from webapp.traffic import Served

RETRY_AFTER_S = 30
_NOT_YOURS = "This is no prediction id that this service gave to you."
_NO_MOMENT = 'Must be an RFC 3339 date and time such as "2013-01-31T08:15:00Z".'
_REQUEST = FeedbackRequestSchema()
_KNOWN = {0: tuple(_REQUEST.fields), 2: tuple(FeedbackItemSchema().fields)}

blueprint = Blueprint("feedback", __name__, url_prefix="/api/v1")


@dataclass(frozen=True, slots=True)
class Accepted:
    prediction_id: str
    actual: Any
    observed_ms: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides on an item from the item alone: the id's own check tells whether it may be, never a look-up."""

    values: TrueValues
    key: FleetKey
    owner: str

    def judge(self, index: int, item: Mapping[str, Any]) -> Accepted | Refused:
        faults: list[Fault] = []
        if verify(self.key, item["prediction_id"], self.owner) is None:
            faults.append(_fault(index, "prediction_id", _NOT_YOURS))
        actual = observed = None
        try:
            actual = self.values.check(item["actual"])
        except NotATrueValueError as problem:
            faults += [_fault(index, "actual", text, *_step(name)) for name, text in problem.faults.items()]
        try:
            observed = _unix_ms(item.get("observed_at"))
        except (ValueError, OverflowError):
            faults.append(_fault(index, "observed_at", _NO_MOMENT))
        return Refused(tuple(faults)) if faults else Accepted(item["prediction_id"], actual, observed)


@blueprint.post("/feedback")
def give() -> Response:
    require_json_body(request.headers.get("Content-Type", ""), request.headers.get("Content-Encoding", ""))
    judge = Judge(_true_values(served()), service().key, caller().owner)
    connection = request.environ.get("gunicorn.socket")
    body = read_body(request.stream, request.content_length, service().limits, connection)
    items = _items(parse(body, service().limits.max_depth))
    results = [judge.judge(index, item) for index, item in enumerate(items)]
    accepted = [one for one in results if isinstance(one, Accepted)]
    if accepted:
        _record(accepted, judge.owner)
    return to_response(Answer.of_document(_document(results, len(accepted)), request_id()))


@lru_cache(maxsize=4)
def _true_values(ready: Served) -> TrueValues:
    return TrueValues.of(ready.model.signature.outputs)


def _items(document: Any) -> list[dict[str, Any]]:
    try:
        items: list[dict[str, Any]] = _REQUEST.load(document)["items"]
    except ValidationError as problem:
        raise InvalidRequestError(*explain(problem.messages_dict, _KNOWN)) from None
    return items


def _record(accepted: Sequence[Accepted], owner: str) -> None:
    """Raises ProblemError 503: what could not be recorded is not acknowledged."""
    feedback = Feedback(
        prediction_ids=[one.prediction_id for one in accepted],
        actuals=[one.actual for one in accepted],
        observed_ms=[one.observed_ms for one in accepted],
        received_ms=record_time(request.headers.get(HEADER, ""), replay=service().replay),
        owner=owner,
    )
    if not service().record_feedback(feedback):
        raise ProblemError(
            problems.NOT_RECORDED,
            "Nothing of this request was recorded: this machine has no room for it.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )


def _document(results: Sequence[Accepted | Refused], accepted: int) -> dict[str, Any]:
    return {
        "request_id": request_id(),
        "accepted": accepted,
        "refused": len(results) - accepted,
        "results": list(_shown(results)),
    }


def _shown(results: Sequence[Accepted | Refused]) -> Iterator[dict[str, Any]]:
    for one in results:
        if isinstance(one, Accepted):
            yield {"status": "accepted"}
        else:
            yield {"status": "refused", "errors": [fault.to_document() for fault in one.faults]}


def _fault(index: int, name: str, detail: str, *steps: str) -> Fault:
    return Fault(pointer(("items", index, name, *steps)), detail)


def _step(name: str) -> tuple[str, ...]:
    """Where within `actual` a fault is: at an output's name, or nowhere in particular."""
    return (name,) if name else ()


def _unix_ms(text: str | None) -> int | None:
    return None if text is None else round(moment(text).timestamp() * 1000)
