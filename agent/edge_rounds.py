"""Second by second: what this machine's processes show becomes what its edge proxy answers to a probe."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from agent.edge_proxy.admission import EdgeProxy
from agent.edge_proxy.configuration import COLOURS
from agent.edge_proxy.server_state import Intent
from agent.repeating import repeat
from lifecycle import heartbeats
from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger

EVERY_S = 1.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EdgeRounds:
    """`sound` says whether a fresh machine would not help. The release's part of the intent is left as it is."""

    edge: EdgeProxy
    sound: Callable[[], bool]

    def run(self, stop: threading.Event) -> None:
        repeat(self._try_once, EVERY_S, stop, max_pause_s=EVERY_S)

    def once(self) -> None:
        """Raises EdgeUnreachableError while HAProxy does not run."""
        running = self.edge.look().intent
        if self._shown(running) != running or running != self.edge.kept():
            changed = self.edge.change(self._shown)
            log.info("edge_changed", live=sorted(changed.live), sound=changed.sound)

    def _shown(self, intent: Intent) -> Intent:
        live = frozenset(c for c in COLOURS if heartbeats.fresh(self.edge.folder / c))
        return replace(intent, live=live, sound=self.sound())

    def _try_once(self) -> bool:
        try:
            self.once()
        except PicklefleetError as problem:
            log.debug("edge_not_told", problem=str(problem))
            return False
        return True
