"""Metrics added up in this process, for a sink that wants sums by interval: counters since the last take, gauges as last told."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Literal

from lifecycle.metrics import PREFIX, Metrics, bucket, series

MOST_SERIES = 5000  # what containers send is bounded, whoever has taken one over


@dataclass(frozen=True, slots=True)
class Point:
    """`name` is a series of docs/metrics.md, with its prefix."""

    name: str
    kind: Literal["counter", "gauge"]
    value: float


class Tally:
    """A sink of `lifecycle.metrics`, and of what others send by StatsD's protocol. Safe between threads."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._counters: dict[str, float] = {}
        self._gauges: dict[str, float] = {}

    def increment(self, name: str, amount: int = 1, /, **tags: str) -> None:
        self._count(f"{PREFIX}.{series('counter', name, **tags)}", amount)

    def gauge(self, name: str, value: float, /, **tags: str) -> None:
        self._set(f"{PREFIX}.{series('gauge', name, **tags)}", value)

    def observe(self, name: str, value: float, /, **tags: str) -> None:
        self._count(f"{PREFIX}.{series('histogram', name, **tags)}.{bucket(name, value)}", 1)

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def take_packet(self, packet: bytes) -> None:
        """Lines of StatsD: `path:3|c`, `path:1.5|g`, `path:-2|g` (a change). Others are left out."""
        for line in packet.decode("ascii", "replace").splitlines():
            with suppress(ValueError):  # no line of ours
                path, _, told = line.partition(":")
                value, kind = told.split("|")[:2]
                self._take(path, value, kind)

    def take(self) -> list[Point]:
        """Counters begin anew; gauges are told until they are told otherwise, for many are set once and stay."""
        with self._turn:
            counters, self._counters = self._counters, {}
            gauges = dict(self._gauges)
        return [
            *(Point(name, "counter", value) for name, value in sorted(counters.items())),
            *(Point(name, "gauge", value) for name, value in sorted(gauges.items())),
        ]

    def _take(self, path: str, value: str, kind: str) -> None:
        if kind == "c":
            self._count(path, float(value))
        elif kind == "g":
            changes = value[:1] in {"+", "-"}
            self._set(path, float(value), add=changes)

    def _count(self, path: str, amount: float) -> None:
        with self._turn:
            if path in self._counters or len(self._counters) < MOST_SERIES:
                self._counters[path] = self._counters.get(path, 0) + amount

    def _set(self, path: str, value: float, *, add: bool = False) -> None:
        with self._turn:
            if path in self._gauges or len(self._gauges) < MOST_SERIES:
                self._gauges[path] = value + (self._gauges.get(path, 0) if add else 0)


@dataclass(frozen=True, slots=True)
class Several:
    """One emission, several sinks."""

    sinks: tuple[Metrics, ...]

    def increment(self, name: str, amount: int = 1, /, **tags: str) -> None:
        for sink in self.sinks:
            sink.increment(name, amount, **tags)

    def gauge(self, name: str, value: float, /, **tags: str) -> None:
        for sink in self.sinks:
            sink.gauge(name, value, **tags)

    def observe(self, name: str, value: float, /, **tags: str) -> None:
        for sink in self.sinks:
            sink.observe(name, value, **tags)

    @contextmanager
    def together(self) -> Iterator[None]:
        with ExitStack() as all_of_them:
            for sink in self.sinks:
                all_of_them.enter_context(sink.together())
            yield
