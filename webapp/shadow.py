"""Shadows are asked what the champion was asked, after its answer: their answers go to the log and the measurements.

One thread in each process does it, for at most a quarter of its time and only while nobody waits for an answer. What
it can't do is left out and counted; a request never waits for it.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from lifecycle import clock
from lifecycle.logs import get_logger
from lifecycle.measurements.measuring import Answered, Measuring
from lifecycle.metrics import Metrics
from lifecycle.model import OutputAnswer, Predictions
from lifecycle.prediction import FleetKey, mint
from lifecycle.prediction_log.records import PredictionRecord
from lifecycle.signature import Signature
from webapp.schemas import PredictRequest
from webapp.traffic import Served
from webapp.watch import drawn_row

MAX_REQUESTS = 64
MAX_ROWS = 20_000  # of all requests that wait together
PATIENCE_S = 0.05  # so long it waits for a moment in which nobody else is asking
REST = 3.0  # times as long as it worked

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Copy:
    """What the champion was asked and answered."""

    request: PredictRequest
    predictions: Predictions
    request_id: str
    owner: str
    at_ms: int
    shadows: tuple[Served, ...]


@dataclass(slots=True)
class Shadows:
    """`offer` may be called by many threads."""

    key: FleetKey
    record: Callable[[Signature, PredictionRecord], bool]
    metrics: Metrics
    measuring: Measuring | None = None
    _waiting: deque[Copy] = field(default_factory=deque)
    _rows: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def offer(self, copy: Copy) -> bool:
        """False when it was left out, because too many wait. Never waits, never raises."""
        if not copy.shadows:
            return False
        with self._changed:
            full = len(self._waiting) >= MAX_REQUESTS or self._rows + copy.request.rows > MAX_ROWS
            if not full:
                self._waiting.append(copy)
                self._rows += copy.request.rows
                self._changed.notify()
        if full:
            self.metrics.increment("shadow_dropped", copy.request.rows)
        return not full

    def start(self, busy: Callable[[], int]) -> None:
        """In a worker, after the fork. `busy` tells how many requests are being answered."""
        threading.Thread(target=self._run, args=(busy,), name="shadows", daemon=True).start()

    def ask(self, copy: Copy) -> None:
        """Every shadow in turn. Never raises: what fails is counted against the shadow."""
        for served in copy.shadows:
            began = clock.monotonic()
            try:
                predictions = served.model.predict(
                    copy.request.columns, copy.request.rows, copy.request.method
                )
            except Exception as problem:  # noqa: BLE001 - nobody waits for it; its failure is what is to be learnt
                log.warning("shadow_failed", version=served.model.version, kind=type(problem).__name__)
                self._count(served, copy, None, clock.monotonic() - began)
                continue
            seconds = clock.monotonic() - began
            self._count(served, copy, predictions, seconds)
            self.record(served.model.signature, self._record_of(served, copy, predictions, seconds))

    def _run(self, busy: Callable[[], int]) -> None:
        while True:
            copy = self._next(busy)
            began = clock.monotonic()
            self.ask(copy)
            threading.Event().wait((clock.monotonic() - began) * REST)

    def _next(self, busy: Callable[[], int]) -> Copy:
        with self._changed:
            while not self._waiting:
                self._changed.wait()
            copy = self._waiting.popleft()
            self._rows -= copy.request.rows
        patience = clock.monotonic() + PATIENCE_S
        while busy() and clock.monotonic() < patience:
            threading.Event().wait(0.002)
        return copy

    def _count(self, served: Served, copy: Copy, predictions: Predictions | None, seconds: float) -> None:
        if self.measuring is None:
            return
        row = drawn_row(copy.request_id, copy.request.rows)
        answers = () if predictions is None else predictions.answers
        self.measuring.count(
            Answered(
                served.model.version,
                "shadow",
                "failed" if predictions is None else "ok",
                copy.request.rows,
                seconds,
                served.model.signature.outputs if answers else (),
                answers,
                row,
                "shadow",
                disagree(copy.predictions.answers, answers, row) if answers else None,
            )
        )

    def _record_of(
        self, served: Served, copy: Copy, predictions: Predictions, seconds: float
    ) -> PredictionRecord:
        """Known by its request's id. It has no row keys and no idempotency key: labels belong to the answer given."""
        return PredictionRecord(
            base_id=mint(self.key, copy.request.rows, copy.owner, unix_ms=copy.at_ms),
            request_id=copy.request_id,
            at_ms=copy.at_ms,
            version=served.model.version,
            columns=copy.request.columns,
            answers=predictions.answers,
            rows=copy.request.rows,
            arm="shadow",
            owner=copy.owner,
            latency_us=round(seconds * 1e6),
            source="shadow",
            unit_id=copy.request.unit_id,
            flags=predictions.flags,
        )


def disagree(given: tuple[OutputAnswer, ...], other: tuple[OutputAnswer, ...], row: int) -> bool | None:
    """Whether a label of that row is another one; None where there are no labels to differ."""
    labels = [
        (one.labels[row], two.labels[row])
        for one, two in zip(given, other, strict=True)
        if one.labels is not None and two.labels is not None
    ]
    return any(one != two for one, two in labels) if labels else None
