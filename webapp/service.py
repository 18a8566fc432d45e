"""What the views stand on: the model that is ready, its contract, the key of the ids, limits, measurements."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lifecycle.compiled.recheck import Answered
from lifecycle.golden import GoldenRows
from lifecycle.machine import HeldVersion
from lifecycle.measurements.measuring import Measuring
from lifecycle.metrics import Metrics
from lifecycle.model import Model
from lifecycle.prediction import FleetKey
from lifecycle.prediction_log.records import Feedback, PredictionRecord
from lifecycle.settings import Settings
from lifecycle.signature import Signature
from webapp.authentication import Gate
from webapp.contract import Contract
from webapp.observation import Observer


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for. `request_deadline_s` is for the whole body to arrive."""

    max_body_bytes: int
    max_rows: int
    max_depth: int
    request_deadline_s: float

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        return cls(
            settings.max_body_bytes, settings.max_rows, settings.max_depth, settings.request_deadline_s
        )


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """A model that is ready, with its contract and one of its golden rows as the example that works."""

    model: Model
    contract: Contract
    example: Mapping[str, Any]


class Service:
    """One for each process. `current` gives the verified model, or None while this process may not answer."""

    def __init__(  # noqa: PLR0913 - the composition root hands over all that a process has
        self,
        current: Callable[[], Model | None],
        golden_rows: Callable[[Model], GoldenRows],
        key: FleetKey,
        limits: Limits,
        metrics: Metrics,
        *,
        machine_is_sound: Callable[[], bool] = lambda: True,
        gate: Gate | None = None,
        record_prediction: Callable[[Signature, PredictionRecord], bool] = lambda _signature, _record: False,
        record_feedback: Callable[[Feedback], bool] = lambda _: False,
        held_versions: Callable[[], Sequence[HeldVersion]] = tuple,
        measuring: Measuring | None = None,
        serves: Callable[[Model], None] = lambda _model: None,
        replay: bool = False,
        recheck: Callable[[Answered], None] = lambda _answered: None,
    ) -> None:
        self._current = current
        self._golden_rows = golden_rows
        self._served: Served | None = None
        self.key = key
        self.limits = limits
        self.observer = Observer(metrics)
        self.machine_is_sound = machine_is_sound
        self.gate = gate or Gate()
        self.record_prediction = record_prediction
        self.record_feedback = record_feedback
        self.held_versions = held_versions
        self.measuring = measuring
        self._serves = serves
        self.replay = replay
        self.recheck = recheck

    def served(self) -> Served | None:
        """What answers now. The contract is built when a model is first seen, not at each request."""
        model = self._current()
        if model is None:
            return None
        held = self._served
        if held is None or held.model is not model:
            self._served = self._serve(model)
            if held is not None:
                self.observer.stopped_serving(held.model)
            self.observer.serves(model)
            return self._served
        return held

    def _serve(self, model: Model) -> Served:
        self._serves(model)
        contract = Contract.of(model.signature, self.limits.max_rows)
        golden = self._golden_rows(model)
        example = {name: golden.columns[name][0] for name in model.signature.names}
        return Served(model, contract, example)
