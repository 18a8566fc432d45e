"""The predict path without a framework: bytes and headers in, an answer out. Every lane calls this very code."""

from dataclasses import dataclass
from typing import Any

from lifecycle.prediction import mint
from webapp.answers import answer_rows
from webapp.failures import not_ready, problem_of
from webapp.http_answer import Answer
from webapp.negotiation import require_json_body, require_json_wanted
from webapp.observation import Stages
from webapp.schemas import PredictRequest
from webapp.service import Served, Service
from webapp.strict_json import parse


@dataclass(frozen=True, slots=True)
class Call:
    """One request for predictions. `owner` is whose key it came with; the prediction ids are bound to it."""

    body: bytes
    request_id: str
    content_type: str
    content_encoding: str = ""
    accept: str = ""
    owner: str = ""


def answer_predict(service: Service, call: Call) -> Answer:
    """Never raises: what goes wrong becomes a problem."""
    try:
        return _answer(service, call)
    except Exception as error:  # noqa: BLE001 - the one boundary: every failure is answered and logged
        problem = problem_of(error)
        service.observer.problem(problem.kind.slug)
        return Answer.of_problem(problem, call.request_id)


def _answer(service: Service, call: Call) -> Answer:
    require_json_wanted(call.accept)
    require_json_body(call.content_type, call.content_encoding)
    served = service.served()
    if served is None:
        raise not_ready()
    stages = service.observer.stages()
    request = served.contract.read(parse(call.body, service.limits.max_depth))
    stages.done("parse")
    rows = _predicted_rows(service, served, request, call.owner, stages)
    answer = Answer.of_document(_document(served, rows, call.request_id), call.request_id)
    stages.done("answer")
    return answer


def _predicted_rows(
    service: Service, served: Served, request: PredictRequest, owner: str, stages: Stages
) -> list[dict[str, Any]]:
    predictions = served.model.predict(request.columns, request.rows, request.method)
    stages.done("predict")
    service.observer.predicted(request.rows)
    base_id = mint(service.key, request.rows, owner)
    return answer_rows(served.model.signature, predictions, base_id, request.row_keys)


def _document(served: Served, rows: list[dict[str, Any]], request_id: str) -> dict[str, Any]:
    model = {"name": served.model.name, "version": served.model.version}
    return {"request_id": request_id, "model": model, "predictions": rows}
