"""Every ten seconds this machine's own figures: what it has left, and what its edge proxy counted."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.edge_proxy.admission import EdgeProxy
from agent.edge_proxy.runtime_socket import EdgeUnreachableError
from agent.host import (
    CpuTimes,
    busy_percent,
    disk_free_percent,
    read_cpu_times,
    read_memory_available_percent,
)
from agent.repeating import repeat
from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics

EVERY_S = 10.0
_STATUS = ("2xx", "3xx", "4xx", "5xx")

log = get_logger(__name__)


@dataclass(slots=True)
class HostRounds:
    """`edge` None: this machine has no edge proxy."""

    machine: str
    folder: Path
    edge: EdgeProxy | None
    metrics: Metrics
    _cpu: CpuTimes | None = None
    _counted: dict[str, int] = field(default_factory=dict)

    def run(self, stop: threading.Event) -> None:
        repeat(self._try_once, EVERY_S, stop, max_pause_s=EVERY_S)
        self.say_goodbye()

    def say_goodbye(self) -> None:
        """StatsD repeats the last word for ever: whether clients were still let in here when nobody looked any more."""
        if self.edge is None:
            return
        try:
            admitted = self.edge.look().intent.admitted
        except PicklefleetError:
            admitted = False  # its edge proxy has ended: nobody comes in
        self._gauge("edge_admitted", int(admitted))

    def once(self) -> None:
        """Raises OSError or ValueError where the kernel tells nothing of the kind."""
        self._tell_cpu()
        self._gauge("host_memory_available_percent", read_memory_available_percent())
        self._gauge("host_disk_free_percent", disk_free_percent(self.folder))
        if self.edge is not None:
            self._tell_edge(self.edge)

    def _tell_cpu(self) -> None:
        now, before = read_cpu_times(), self._cpu
        self._cpu = now
        busy = busy_percent(before, now) if before else None
        if busy is not None:
            self._gauge("host_cpu_busy_percent", busy)

    def _tell_edge(self, edge: EdgeProxy) -> None:
        try:
            state = edge.look()
            rows = edge.runtime.statistics()
        except EdgeUnreachableError as problem:
            log.debug("edge_not_asked", problem=str(problem))
            return
        self._gauge("edge_admitted", int(state.intent.admitted))
        self._gauge("edge_connections", state.sessions)
        self._gauge("edge_waiting", state.waiting)
        frontend = next(row for row in rows if (row["pxname"], row["svname"]) == ("edge", "FRONTEND"))
        self._count(frontend)

    def _count(self, frontend: Mapping[str, str]) -> None:
        for status in _STATUS:
            if grown := self._grown(f"hrsp_{status}", frontend):
                self.metrics.increment("edge_answers", grown, status=status)
        if grown := self._grown("dreq", frontend):
            self.metrics.increment("edge_refused", grown)

    def _grown(self, column: str, frontend: Mapping[str, str]) -> int:
        """Since the look before; HAProxy counts anew after a restart, and our first look is no news."""
        now, before = int(frontend[column] or 0), self._counted.get(column)
        self._counted[column] = now
        if before is None:
            return 0
        return now - before if now >= before else now

    def _gauge(self, name: str, value: float) -> None:
        self.metrics.gauge(name, round(value, 2), machine=self.machine)

    def _try_once(self) -> bool:
        try:
            self.once()
        except (OSError, ValueError, PicklefleetError) as problem:
            log.debug("host_not_told", problem=type(problem).__name__)
            return False
        return True
