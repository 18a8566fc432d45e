"""The predict path without a framework: bytes and headers in, an answer out. Every lane calls this very code."""

import hashlib
from dataclasses import dataclass

from lifecycle.compiled.recheck import Answered
from lifecycle.model import Predictions
from lifecycle.policy import ArmName
from lifecycle.prediction import mint
from lifecycle.prediction_log.records import PredictionRecord
from webapp.answers import answer_rows
from webapp.failures import not_ready, problem_of
from webapp.http_answer import Answer
from webapp.negotiation import require_json_body, require_json_wanted
from webapp.record_time import record_time
from webapp.schemas import PredictRequest
from webapp.service import Service
from webapp.shadow import Copy
from webapp.traffic import Served
from webapp.watch import Watch


@dataclass(frozen=True, slots=True)
class Call:
    """One request for predictions. `owner` is whose key it came with; the prediction ids are bound to it."""

    body: bytes
    request_id: str
    content_type: str
    content_encoding: str = ""
    accept: str = ""
    owner: str = ""
    idempotency_key: str = ""
    replay_time: str = ""


def answer_predict(service: Service, call: Call) -> Answer:
    """Never raises: what goes wrong becomes a problem."""
    watch = Watch(service.measuring, call.request_id)
    try:
        answer = _answer(service, call, watch)
    except Exception as error:  # noqa: BLE001 - the one boundary: every failure is answered and logged
        problem = problem_of(error)
        service.observer.problem(problem.kind.slug)
        answer = Answer.of_problem(problem, call.request_id)
    watch.ended(answer.status)
    return answer


def _answer(service: Service, call: Call, watch: Watch) -> Answer:
    require_json_wanted(call.accept)
    require_json_body(call.content_type, call.content_encoding)
    traffic = service.traffic()
    if traffic is None:
        raise not_ready()
    at_ms = record_time(call.replay_time, replay=service.replay)
    stages = service.observer.stages()
    request = traffic.champion.contract.read_body(call.body, service.limits.max_depth)
    served, arm = traffic.answering(request.unit_id or call.request_id)
    watch.assigned(served.model.version, arm)
    stages.done("parse")
    predictions = served.model.predict(request.columns, request.rows, request.method)
    stages.done("predict")
    service.observer.predicted(request.rows)
    watch.predicted(request.rows, served.model.signature.outputs, predictions.answers)
    answered = _Answered(served, arm, request, predictions, call, at_ms)
    base_id = mint(service.key, request.rows, call.owner, unix_ms=answered.at_ms)
    answer = answered.answer(base_id)
    stages.done("answer")
    service.record_prediction(served.model.signature, answered.record(base_id, stages.so_far_us()))
    stages.done("record")
    service.recheck(Answered(served.model, request.columns, request.rows, request.method, predictions))
    if arm == "champion" and (shadows := traffic.shadows):
        copy = Copy(request, predictions, call.request_id, call.owner, at_ms=answered.at_ms, shadows=shadows)
        service.offer_to_shadows(copy)
    return answer


@dataclass(frozen=True, slots=True)
class _Answered:
    """What was asked and predicted, as the caller gets it and as the log keeps it."""

    served: Served
    arm: ArmName
    request: PredictRequest
    predictions: Predictions
    call: Call
    at_ms: int

    def answer(self, base_id: str) -> Answer:
        model = self.served.model
        rows = answer_rows(model.signature, self.predictions, base_id, self.request.row_keys)
        document = {
            "request_id": self.call.request_id,
            "model": {"name": model.name, "version": model.version},
            "predictions": rows,
        }
        return Answer.of_document(document, self.call.request_id)

    def record(self, base_id: str, latency_us: int) -> PredictionRecord:
        return PredictionRecord(
            base_id=base_id,
            request_id=self.call.request_id,
            at_ms=self.at_ms,
            version=self.served.model.version,
            arm=self.arm,
            columns=self.request.columns,
            answers=self.predictions.answers,
            rows=self.request.rows,
            owner=self.call.owner,
            latency_us=latency_us,
            unit_id=self.request.unit_id,
            row_keys=self.request.row_keys,
            flags=self.predictions.flags,
            idempotency=_idempotency(self.call),
        )


def _idempotency(call: Call) -> str | None:
    """The same for the same caller, key and body: readers count such requests once, whatever ids they were given."""
    if not call.idempotency_key:
        return None
    parts = (call.owner.encode(), call.idempotency_key.encode(), call.body)
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).hexdigest()
