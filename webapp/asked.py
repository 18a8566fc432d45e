"""One request for predictions without a framework: bytes and headers in, an answer out, step by step."""

import hashlib
from collections.abc import Sequence

import msgspec

from lifecycle.compiled.recheck import Answered
from lifecycle.model import Model, Predictions
from lifecycle.prediction import mint
from lifecycle.prediction_log.records import PredictionRecord, Recorded
from webapp.answer_text import AnswerText
from webapp.failures import not_ready, problem_of
from webapp.http_answer import Answer
from webapp.negotiation import require_json_body, require_json_wanted
from webapp.record_time import record_time
from webapp.schemas import PredictRequest
from webapp.service import Service
from webapp.shadow import Copy
from webapp.watch import Watch


class Call(msgspec.Struct, frozen=True):
    """One request for predictions. `owner` is whose key it came with; the prediction ids are bound to it."""

    body: bytes
    request_id: str
    content_type: str
    content_encoding: str = ""
    accept: str = ""
    owner: str = ""
    idempotency_key: str = ""
    replay_time: str = ""


class Asked:
    """One request from its bytes to its answer. Its steps may be taken beside those of others; none of them raises."""

    request: PredictRequest
    predictions: Predictions

    __slots__ = (
        "_answer", "_arm", "_at_ms", "_call", "_failed", "_served", "_service", "_shadows", "_stages", "_watch",
        "predictions", "record", "request", "texts",
    )  # fmt: skip

    def __init__(self, service: Service, call: Call) -> None:
        self._service = service
        self._call = call
        self._watch = Watch(service.measuring, call.request_id)
        self._failed: Exception | None = None
        self._answer: Answer | None = None
        self.record: Recorded | None = None
        self.texts: Sequence[bytes] | None = None  # of its rows, where those of a batch were written together

    @property
    def text(self) -> AnswerText:
        """How the answer of the model is written."""
        return self._served.text

    @property
    def model(self) -> Model | None:
        """Whose answer is still to be given; None where there is none to give."""
        return None if self._failed else self._served.model

    def read(self) -> None:
        """The first step: what is asked, and who answers it."""
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 - see `answer`
            self.fail(error)

    def fail(self, error: Exception) -> None:
        self._failed = error

    def predicted(self, predictions: Predictions) -> None:
        self.predictions = predictions
        self._stages.done("predict")

    def write(self) -> None:
        """Once it is predicted: the answer, and what has to be recorded before it leaves."""
        if self._failed:
            return
        try:
            self._write()
        except Exception as error:  # noqa: BLE001 - see `answer`
            self.fail(error)

    def answer(self) -> Answer:
        """The last step. It is the one boundary: every failure is answered and logged here."""
        answer = self._answer
        try:
            if answer is not None and not self._failed:
                self._tell()
        except Exception as error:  # noqa: BLE001 - as this says
            self.fail(error)
        if answer is None or self._failed:
            answer = self._problem(self._failed or RuntimeError("It was not predicted."))
        self._watch.ended(answer.status)
        return answer

    def _problem(self, error: Exception) -> Answer:
        problem = problem_of(error)
        self._service.observer.problem(problem.kind.slug)
        return Answer.of_problem(problem, self._call.request_id)

    def _read(self) -> None:
        service, call = self._service, self._call
        require_json_wanted(call.accept)
        require_json_body(call.content_type, call.content_encoding)
        traffic = service.traffic()
        if traffic is None:
            raise not_ready()
        self._at_ms = record_time(call.replay_time, replay=service.replay)
        self._stages = service.observer.stages()
        self.request = traffic.champion.contract.read_body(call.body, service.limits.max_depth)
        self._served, self._arm = traffic.answering(self.request.unit_id or call.request_id)
        self._shadows = traffic.shadows if self._arm == "champion" else ()
        self._watch.assigned(self._served.model.version, self._arm)
        self._stages.done("parse")

    def _write(self) -> None:
        request, signature = self.request, self._served.model.signature
        self._watch.predicted(request.rows, signature.outputs, self.predictions.answers)
        base_id = mint(self._service.key, request.rows, self._call.owner, unix_ms=self._at_ms)
        self._answer = self._document(base_id)
        self._stages.done("answer")
        self.record = signature, self._record(base_id)

    def _tell(self) -> None:
        """Those who look at answers that have been given."""
        service, request = self._service, self.request
        self._stages.done("record")
        service.observer.predicted(request.rows)
        service.recheck(
            Answered(self._served.model, request.columns, request.rows, request.method, self.predictions)
        )
        if self._shadows:
            self._offer_to_shadows()

    def _offer_to_shadows(self) -> None:
        call = self._call
        copy = Copy(
            self.request,
            self.predictions,
            call.request_id,
            call.owner,
            at_ms=self._at_ms,
            shadows=self._shadows,
        )
        self._service.offer_to_shadows(copy)

    def _document(self, base_id: str) -> Answer:
        request_id, text = self._call.request_id, self._served.text
        if self.texts is not None and self.request.row_keys is None:
            written = text.document_of(request_id, base_id, self.texts)
        else:
            written = text.document(request_id, self.predictions, base_id, self.request.row_keys)
        return Answer.of_json(written, request_id)

    def _record(self, base_id: str) -> PredictionRecord:
        request, predictions, call = self.request, self.predictions, self._call
        return PredictionRecord(
            base_id=base_id,
            request_id=call.request_id,
            at_ms=self._at_ms,
            version=self._served.model.version,
            arm=self._arm,
            columns=request.columns,
            answers=predictions.answers,
            rows=request.rows,
            owner=call.owner,
            latency_us=self._stages.so_far_us(),
            unit_id=request.unit_id,
            row_keys=request.row_keys,
            flags=predictions.flags,
            idempotency=_idempotency(call),
        )


def _idempotency(call: Call) -> str | None:
    """The same for the same caller, key and body: readers count such requests once, whatever ids they were given."""
    if not call.idempotency_key:
        return None
    parts = (call.owner.encode(), call.idempotency_key.encode(), call.body)
    return hashlib.blake2b(b"\0".join(parts), digest_size=16).hexdigest()
