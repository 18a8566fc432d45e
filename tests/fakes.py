"""Parts that stand in for others in tests. They keep state, and tests ask that state."""

from collections import Counter
from contextlib import AbstractContextManager, nullcontext

from lifecycle.metrics import series


class RecordingMetrics:
    """Keeps every measurement by its dotted path."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.gauges: dict[str, float] = {}
        self.observations: dict[str, list[float]] = {}

    def increment(self, name: str, amount: int = 1, /, **tags: str) -> None:
        self.counts[series("counter", name, **tags)] += amount

    def gauge(self, name: str, value: float, /, **tags: str) -> None:
        self.gauges[series("gauge", name, **tags)] = value

    def observe(self, name: str, value: float, /, **tags: str) -> None:
        self.observations.setdefault(series("histogram", name, **tags), []).append(value)

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()
