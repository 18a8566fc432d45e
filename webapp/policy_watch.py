"""One thread in each web process: prepare what the agent offers, say so, and switch when the agent says so."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from lifecycle import clock
from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.machine import MachineDirectory, Serving
from lifecycle.web_processes import Presence
from webapp.current_traffic import CurrentTraffic
from webapp.traffic import Traffic

EVERY_S = 0.05
FIRST_RETRY_S = 0.2
LAST_RETRY_S = 15.0

log = get_logger(__name__)


@dataclass(slots=True)
class PolicyWatch:
    """`switched` is told of each new traffic and the one before; `stopping` whether the process ends; `stop` ends it.

    `meanwhile` is called in each turn, `ended` when there is no further one.
    """

    machine: MachineDirectory
    current: CurrentTraffic
    presence: Presence
    switched: Callable[[Traffic, Traffic | None], None]
    stopping: Callable[[], bool]
    stop: Callable[[], None]
    meanwhile: Callable[[], None] = lambda: None
    ended: Callable[[], None] = lambda: None
    _retry_s: float = FIRST_RETRY_S
    _retry_at: float = 0.0
    _logged: set[str] = field(default_factory=set)

    def start(self) -> None:
        """The first turn is done when it returns: the process answers at once where all is in place."""
        self.turn()
        threading.Thread(target=self._run, name="policy", daemon=True).start()

    def turn(self) -> None:
        """Whatever fails, the next turn comes."""
        try:
            self._prepare(self.machine.wanted())
            self._follow(self.machine.serving())
            self.meanwhile()
        except Exception as problem:  # noqa: BLE001 - without this thread the process would never switch again
            self._log_once("policy_watch_failed", problem)

    def _run(self) -> None:
        while not self.stopping():
            self.turn()
            threading.Event().wait(EVERY_S)
        self.presence.leave()
        self.ended()

    def _prepare(self, wanted: Serving | None) -> None:
        said = self.presence.said
        if wanted is None or wanted.id in {said.prepared, said.refused, said.serving}:
            return
        try:
            self.current.prepare(wanted)
        except PicklefleetError as problem:
            log.error("policy_not_prepared", number=wanted.traffic.number, problem=str(problem))
            self.presence.say(refused=wanted.id, reason=str(problem))
        else:
            self.presence.say(prepared=wanted.id)

    def _follow(self, serving: Serving | None) -> None:
        if serving is None:
            return
        before = self.current()
        if before is None or before.id != serving.id:
            self._switch(serving, before)
        if (now := self.current()) is not None and now.id != self.presence.said.serving:
            self.presence.say(serving=now.id, prepared="", refused="", reason="")

    def _switch(self, serving: Serving, before: Traffic | None) -> None:
        if clock.monotonic() < self._retry_at:
            return
        try:
            now = self.current.switch(serving)
        except PicklefleetError as problem:
            self._failed(problem, before)
            return
        self._retry_s = FIRST_RETRY_S
        self.switched(now, before)

    def _failed(self, problem: PicklefleetError, before: Traffic | None) -> None:
        """The others have switched: whoever can't follow must not answer by the old policy any more."""
        log.error("model_not_loaded", problem=str(problem), kind=type(problem).__name__)
        self._retry_at = clock.monotonic() + self._retry_s
        self._retry_s = min(self._retry_s * 1.5, LAST_RETRY_S)
        if before is not None:
            self.stop()

    def _log_once(self, event: str, problem: Exception) -> None:
        if str(problem) not in self._logged:
            self._logged.add(str(problem))
            log.error(event, problem=str(problem), kind=type(problem).__name__)
