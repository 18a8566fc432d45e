"""Round after round: sync, report what changed, and slow down while the store does not answer."""

import threading
from dataclasses import dataclass

from agent.repeating import attempted, repeat
from agent.sync import PolicySync, Synced
from lifecycle import clock
from lifecycle.errors import BundleError, StoreUnavailableError
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics

MAX_PAUSE_S = 60.0
WAIT_S = 0.05
LOOK_AGAIN_S = 1.0  # while a policy is prepared a newer one, such as a rollback, must not wait for it

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rounds:
    sync: PolicySync
    metrics: Metrics

    def once(self) -> Synced:
        """One round, to its end. Raises PicklefleetError when the machine could not be brought up to date."""
        synced = self._to_the_end()
        self._report(synced)
        if synced.change == "refused":
            raise BundleError(f"The policy was refused, and the one before it is kept. {synced.reason}")
        self.metrics.increment("agent_syncs", outcome="ok")
        return synced

    def run(self, pause_s: float, stop: threading.Event) -> None:
        """Until `stop`; while the store does not answer the pause doubles up to a minute."""
        repeat(self._try_once, pause_s, stop, max_pause_s=MAX_PAUSE_S)

    def _to_the_end(self) -> Synced:
        synced, looked = self._look(), clock.monotonic()
        while synced.change == "preparing":
            threading.Event().wait(WAIT_S)
            if clock.monotonic() - looked < LOOK_AGAIN_S:
                synced = self.sync.advance()
            else:
                synced, looked = self._look(), clock.monotonic()
        return synced

    def _look(self) -> Synced:
        """Without the store what it gave before still comes to its end."""
        try:
            return self.sync.look()
        except StoreUnavailableError:
            synced = self.sync.advance()
            if synced.change in {"unchanged", "no-champion"}:
                raise
            return synced

    def _try_once(self) -> bool:
        """A policy that is refused or not believed must not delay the next one, which may be a rollback."""
        return attempted(self.once, self.metrics, "agent_syncs", "sync_failed", at_pace=(BundleError,))

    def _report(self, synced: Synced) -> None:
        if synced.change in {"switched", "refused"}:
            self.metrics.increment("policy_swaps", outcome=synced.change)
        if synced.change == "switched" and synced.serving is not None:
            now = synced.serving
            self.metrics.gauge("policy_number", now.traffic.number)
            log.info("policy_in_force", model=now.name, number=now.traffic.number, champion=now.version)
        elif synced.change == "no-champion":
            log.warning("no_champion", fix="Promote a version: picklefleet promote v1")
