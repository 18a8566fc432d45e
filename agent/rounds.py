"""Round after round: sync, report what changed, and slow down while the store does not answer."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from agent.repeating import attempted, repeat
from agent.sync import Synced, sync
from lifecycle.logs import get_logger
from lifecycle.machine import MachineDirectory
from lifecycle.metrics import Metrics
from lifecycle.registry import Registry
from lifecycle.signing import TrustSet

MAX_PAUSE_S = 60.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rounds:
    """`trust` is read anew each round: a key revoked on this machine counts from the next round on."""

    registry: Registry
    machine: MachineDirectory
    trust: Callable[[], TrustSet]
    metrics: Metrics

    def once(self) -> Synced:
        """One round. Raises PicklefleetError when the machine could not be brought up to date."""
        synced = sync(self.registry, self.machine, self.trust())
        self.metrics.increment("agent_syncs", outcome="ok")
        self._report(synced)
        return synced

    def run(self, pause_s: float, stop: threading.Event) -> None:
        """Until `stop`; a failed round doubles the pause up to a minute, a good one restores it."""
        repeat(self._try_once, pause_s, stop, max_pause_s=MAX_PAUSE_S)

    def _try_once(self) -> bool:
        return attempted(self.once, self.metrics, "agent_syncs", "sync_failed")

    def _report(self, synced: Synced) -> None:
        if synced.change == "switched" and synced.serving is not None:
            log.info("bundle_ready", model=synced.serving.name, version=synced.serving.version)
        elif synced.change == "no-champion":
            log.warning("no_champion", fix="Promote a version: picklefleet promote v1")
