"""What is measured of requests, whichever lane answers them. Names and meanings stand in lifecycle/metrics.py."""

import threading
from contextlib import AbstractContextManager

from lifecycle.clock import monotonic
from lifecycle.memory import resident_bytes
from lifecycle.metrics import Metrics
from webapp.traffic import Traffic

STATE_EVERY_S = 10.0
IN_FLIGHT_EVERY_S = 1.0


class Observer:
    """One for each process; its threads share it. `worker` is the process's slot among its siblings."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._in_flight = self._in_flight_told = 0
        self._in_flight_told_at = float("-inf")
        self._state_told = 0.0
        self._answering: dict[str, float] = {}
        self.worker = "0"

    @property
    def in_flight(self) -> int:
        """Requests begun and not yet answered."""
        return self._in_flight

    def begin(self) -> float:
        """A request has begun; returns the monotonic time, to be given back when it is answered."""
        began = monotonic()
        self._change_in_flight(1, began)
        return began

    def answered(self, began: float, status: int) -> float:
        """Returns the seconds that the request took."""
        now = monotonic()
        seconds = now - began
        self._change_in_flight(-1, now)
        self._metrics.increment("requests", status=f"{status // 100}xx")
        self._metrics.observe("request_seconds", seconds)
        self._tell_state(began)
        return seconds

    def together(self) -> AbstractContextManager[None]:
        """For a turn in which several requests are answered."""
        return self._metrics.together()

    def problem(self, slug: str) -> None:
        self._metrics.increment("problems", type=slug)

    def predicted(self, rows: int) -> None:
        self._metrics.increment("rows", rows)

    def switched(self, now: Traffic, before: Traffic | None) -> None:
        """The versions that answer from here on, and those that do not any more."""
        gone = set() if before is None else {ref.version for ref in before.policy.versions}
        here = {ref.version for ref in now.policy.versions}
        for version in gone - here:
            self._metrics.gauge("model_info", 0, version=version)
        models = [served.model for served in now.by_digest.values()]
        self._answering = {model.version: float(model.fast.plan is not None) for model in models}
        self._tell_versions()

    def _tell_state(self, now: float) -> None:
        """Now and then anew: a StatsD that was started again knows nothing of before."""
        if now - self._state_told >= STATE_EVERY_S:
            self._state_told = now
            self._metrics.gauge("worker_memory_bytes", resident_bytes(), worker=self.worker)
            self._tell_versions()

    def _tell_versions(self) -> None:
        for version, fast in self._answering.items():
            self._metrics.gauge("model_info", 1, version=version)
            self._metrics.gauge("fast_path", fast, version=version)

    def stages(self) -> "Stages":
        return Stages(self._metrics)

    def _change_in_flight(self, change: int, now: float) -> None:
        """Told once a second, and when there are none any more: whoever keeps gauges keeps the last."""
        with self._lock:
            self._in_flight += change
            count = self._in_flight
            if count == self._in_flight_told or (count and now - self._in_flight_told_at < IN_FLIGHT_EVERY_S):
                return
            self._in_flight_told, self._in_flight_told_at = count, now
        self._metrics.gauge("in_flight", count, worker=self.worker)


class Stages:
    """The stages of one prediction: each takes from the end of the one before."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._began = self._since = monotonic()

    def so_far_us(self) -> int:
        """Microseconds since the first stage began."""
        return round((monotonic() - self._began) * 1e6)

    def done(self, stage: str) -> None:
        now = monotonic()
        self._metrics.observe("stage_seconds", now - self._since, stage=stage)
        self._since = now
