"""What a night was judged to be: frozen, complete, and a document as it stands."""

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Literal

from lifecycle.drift.comparison import Comparison
from lifecycle.drift.severity import Guards, Severity
from lifecycle.performance.baseline import PerformanceVerdict

FORMAT = 1

Course = Literal["sudden", "gradual or seasonal"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One column. `course` is told only for what was found, when there is a trailing reference."""

    name: str
    severity: Severity
    reasons: tuple[str, ...] = ()
    important: bool = False
    comparison: Comparison | None = None
    guards: Guards | None = None
    variation_known: bool = False
    course: Course | None = None


@dataclass(frozen=True, slots=True)
class DriftReport:
    """`severity` is the night's: the worst of important features, scores and performance; what drifts without
    being important counts as watch. `bad` nights count towards retraining. `tests` is the size of the family.
    """

    severity: Severity
    bad: bool
    rows: int
    features: tuple[Finding, ...]
    scores: tuple[Finding, ...]
    tests: int = 0
    power: str = ""
    notes: tuple[str, ...] = ()
    reference_alarms: float | None = None
    performance: PerformanceVerdict | None = None

    @property
    def found(self) -> tuple[Finding, ...]:
        """Watch or above, worst first."""
        alarms = [each for each in (*self.features, *self.scores) if each.severity.found]
        return tuple(sorted(alarms, key=lambda each: (-each.severity.rank, not each.important, each.name)))

    def to_document(self) -> dict[str, Any]:
        document: dict[str, Any] = _plain(asdict(self))
        return {"format": FORMAT, **document}


def _plain(value: Any) -> Any:
    """JSON's own types; what is not finite is null."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return value
