"""Live requests asked again: now and then the estimator answers one too, off the request's path.

One disagreement switches the plan off in this process, is told, and the rows are kept for whoever looks into it.
"""

import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import orjson

from lifecycle import clock
from lifecycle.atomic_file import write_atomically
from lifecycle.compiled.proof import close
from lifecycle.errors import ModelFailureError
from lifecycle.frame import Columns
from lifecycle.logs import get_logger
from lifecycle.model import Model, Predictions
from lifecycle.signature import Method

EVERY_S = 1.0
SPARED = 50  # times as long as the estimator took, before it is asked again: at most 2 % of a CPU
MOST_ROWS = 256
MOST_KEPT = 20

Outcome = Literal["agreed", "disagreed", "failed"]

log = get_logger(__name__)


class Answered(msgspec.Struct, frozen=True):
    """A request as it was answered by the plan."""

    model: Model
    columns: Columns
    rows: int
    method: Method | None
    predictions: Predictions


class Recheck:
    """One for each process, its thread started by the first request that it takes. `offer` never waits."""

    def __init__(
        self,
        kept: Path | None = None,
        told: Callable[[Outcome], None] = lambda _outcome: None,
        *,
        every_s: float = EVERY_S,
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._kept, self._told, self._every_s, self._monotonic = kept, told, every_s, monotonic
        self._next = 0.0
        self._lock = threading.Lock()
        self._numbers = count()

    def offer(self, answered: Answered) -> None:
        if self._monotonic() < self._next or answered.model.fast.plan is None:
            return
        if self._lock.acquire(blocking=False):  # else another one is being looked at
            threading.Thread(target=self._take, args=(answered,), name="recheck", daemon=True).start()

    def wait(self) -> None:
        """Until no request is being looked at."""
        with self._lock:
            pass

    def check(self, answered: Answered) -> Outcome:
        """Ask the estimator; switch the plan off where it answers otherwise."""
        rows = min(answered.rows, MOST_ROWS)
        columns = {name: values[:rows] for name, values in answered.columns.items()}
        try:
            expected = answered.model.by_estimator().predict(columns, rows, answered.method)
        except ModelFailureError:
            expected = None
        if expected is not None and same_answers(expected, answered.predictions, rows):
            return "agreed"
        self._disagreed(answered, columns, expected)
        return "disagreed"

    def _take(self, answered: Answered) -> None:
        began = self._monotonic()
        try:
            self._told(self.check(answered))
        except Exception as problem:  # noqa: BLE001 - a check that fails must not be the last one
            log.error("recheck_failed", kind=type(problem).__name__)
            self._told("failed")
        finally:
            ended = self._monotonic()
            self._next = ended + max(self._every_s, SPARED * (ended - began))
            self._lock.release()

    def _disagreed(self, answered: Answered, columns: Columns, expected: Predictions | None) -> None:
        model = answered.model
        model.fast.switch_off("live requests", "a request was answered otherwise than by scikit-learn.")
        log.error("fast_path_disagrees", version=model.version, digest=model.digest[:12])
        number = next(self._numbers)
        if self._kept is None or number >= MOST_KEPT:
            return
        path = self._kept / f"{model.digest[:12]}-{clock.unix_ms()}-{number}.json"
        try:
            write_atomically(path, _kept_document(answered, columns, expected), mode=0o600)
        except OSError as problem:
            log.error("disagreement_not_kept", kind=type(problem).__name__)


def same_answers(expected: Predictions, got: Predictions, rows: int) -> bool:
    """Labels alike, numbers within the bound: of the first `rows` rows that both answered."""
    return all(
        _same_part(part, getattr(left, part), getattr(right, part), rows)
        for left, right in zip(expected.answers, got.answers, strict=True)
        for part in ("labels", "probabilities", "scores", "values")
    )


def _same_part(part: str, left: Any, right: Any, rows: int) -> bool:
    if left is None or right is None:
        return left is right
    if part == "labels":
        return bool(left[:rows] == right[:rows])
    numbers = (np.asarray(table[:rows], dtype=np.float64) for table in (left, right))
    return close(*numbers)


def _kept_document(answered: Answered, columns: Columns, expected: Predictions | None) -> bytes:
    """Private features stay out, so that this is no second log; which ones is told."""
    private = [feature.name for feature in answered.model.signature.inputs if feature.privacy != "keep"]
    return orjson.dumps(
        {
            "format": 1,
            "version": answered.model.version,
            "digest": answered.model.digest,
            "columns": {name: values for name, values in columns.items() if name not in private},
            "withheld": private,
            "method": answered.method,
            "by_plan": [msgspec.structs.asdict(answer) for answer in answered.predictions.answers],
            "by_estimator": None
            if expected is None
            else [msgspec.structs.asdict(answer) for answer in expected.answers],
        }
    )
