"""What Azure is about to do to this machine: it leaves the traffic first, and only then is told to be ready."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from agent.edge_proxy.admission import EdgeProxy
from agent.edge_proxy.drain import Drained
from agent.repeating import repeat
from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics

EVERY_S = 5.0
MAX_PAUSE_S = 30.0
LEAVES = frozenset({"Terminate", "Preempt", "Reboot", "Redeploy"})  # a freeze of some seconds loses nothing
MARK = "event:"

log = get_logger(__name__)


class Event(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def machines(self) -> tuple[str, ...]: ...
    @property
    def started(self) -> bool: ...


class Announcements(Protocol):
    def name(self) -> str: ...
    def events(self) -> tuple[Event, ...]: ...
    def start(self, event_id: str) -> None: ...


@dataclass(slots=True)
class LeavingRounds:
    """`drain` takes the machine out of the traffic and returns when it may be stopped; `ship` brings its records home."""

    announced: Announcements
    edge: EdgeProxy
    drain: Callable[[], Drained]
    ship: Callable[[], object]
    metrics: Metrics
    _name: str = ""
    _left: set[str] = field(default_factory=set)
    _acknowledged: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    def run(self, stop: threading.Event) -> None:
        repeat(self._try_once, EVERY_S, stop, max_pause_s=MAX_PAUSE_S)

    def once(self) -> None:
        """Raises PicklefleetError where the metadata service or the edge proxy does not answer: asked again soon."""
        self._name = self._name or self.announced.name()
        own = [event for event in self.announced.events() if self._name in event.machines]
        leaving = [event for event in own if event.kind in LEAVES]
        for event in own:
            self._tell(event)
        if not leaving:
            self._stay()
        elif any(event.id not in self._left for event in leaving):
            self._leave(leaving)
        for event in leaving:
            self._acknowledge(event)

    def _leave(self, events: list[Event]) -> None:
        """Once for all of them: whatever they are, afterwards nothing is lost."""
        self.edge.leave(MARK + events[0].id)
        drained = self.drain()
        self.ship()
        if not drained.whole:
            return  # this agent ends: its successor leaves anew, and Azure is told nothing before that
        self._left |= {event.id for event in events}
        log.info("machine_left", seconds=round(drained.seconds, 1), connections_left=drained.left)

    def _acknowledge(self, event: Event) -> None:
        """Only what names this very machine, only after it has left, and never twice."""
        if not event.started and event.id in self._left - self._acknowledged:
            self.announced.start(event.id)
            self._acknowledged.add(event.id)

    def _stay(self) -> None:
        """What was announced is over, or was called off: a machine that is still here may have clients again."""
        if self.edge.leaving.startswith(MARK):
            self.edge.stay()
            log.info("machine_stays")

    def _tell(self, event: Event) -> None:
        if event.id not in self._told:
            self._told.add(event.id)
            self.metrics.increment("machine_events", kind=event.kind)
            log.info("machine_event", id=event.id, kind=event.kind, leaves=event.kind in LEAVES)

    def _try_once(self) -> bool:
        try:
            self.once()
        except PicklefleetError as problem:
            log.warning("events_not_seen", problem=str(problem), kind=type(problem).__name__)
            return False
        return True
