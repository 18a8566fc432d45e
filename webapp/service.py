"""What the views stand on: the traffic that is answered, the key of the ids, limits, measurements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lifecycle.compiled.recheck import Answered
from lifecycle.machine import HeldVersion
from lifecycle.measurements.measuring import Measuring
from lifecycle.metrics import Metrics
from lifecycle.prediction import FleetKey
from lifecycle.prediction_log.records import Feedback, Recorded
from lifecycle.settings import Settings
from lifecycle.traces import Drawn
from webapp.authentication import Gate
from webapp.edge_limits import EdgeLimits
from webapp.observation import Observer
from webapp.shadow import Copy
from webapp.traffic import Served, Traffic


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for. `request_deadline_s` is for the whole body to arrive. `edge`: of the proxy in front."""

    max_body_bytes: int
    max_rows: int
    max_depth: int
    request_deadline_s: float
    edge: EdgeLimits | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        return cls(
            settings.max_body_bytes,
            settings.max_rows,
            settings.max_depth,
            settings.request_deadline_s,
            EdgeLimits.of(settings),
        )


class Service:
    """One for each process. `current` gives what it answers with, or None while it may not answer."""

    def __init__(  # noqa: PLR0913 - the composition root hands over all that a process has
        self,
        current: Callable[[], Traffic | None],
        key: FleetKey,
        limits: Limits,
        metrics: Metrics,
        *,
        machine_is_sound: Callable[[], bool] = lambda: True,
        siblings_answer: Callable[[], bool] = lambda: True,
        gate: Gate | None = None,
        record_predictions: Callable[[Sequence[Recorded]], bool] = lambda _records: False,
        record_feedback: Callable[[Feedback], bool] = lambda _: False,
        held_versions: Callable[[], Sequence[HeldVersion]] = tuple,
        measuring: Measuring | None = None,
        offer_to_shadows: Callable[[Copy], object] = lambda _copy: None,
        replay: bool = False,
        recheck: Callable[[Answered], None] = lambda _answered: None,
        release: str = "",
        traces: Drawn | None = None,
    ) -> None:
        self.traffic = current
        self.key = key
        self.limits = limits
        self.observer = Observer(metrics)
        self.machine_is_sound = machine_is_sound
        self.siblings_answer = siblings_answer
        self.gate = gate or Gate()
        self.record_predictions = record_predictions
        self.record_feedback = record_feedback
        self.held_versions = held_versions
        self.measuring = measuring
        self.offer_to_shadows = offer_to_shadows
        self.replay = replay
        self.recheck = recheck
        self.release = release
        self.traces = traces

    def served(self) -> Served | None:
        """The champion; its contract is every arm's."""
        traffic = self.traffic()
        return None if traffic is None else traffic.champion
