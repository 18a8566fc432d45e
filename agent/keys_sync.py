"""Bring the API keys from the store to this machine's cache, where the web processes look for them.

In rounds of their own: a revoked key must not wait for a bundle that is being fetched.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from agent.repeating import attempted, repeat
from lifecycle.atomic_file import write_atomically
from lifecycle.errors import StoreError
from lifecycle.key_journal import NONE_YET, KeyJournal, KeySetEntry, entry_from_bytes
from lifecycle.logs import get_logger
from lifecycle.machine import MachineDirectory
from lifecycle.metrics import Metrics
from lifecycle.object_store import ObjectStore
from lifecycle.signing import TrustSet

MAX_PAUSE_S = 20.0  # with a round's own time, a change is everywhere within a minute of the store's answering

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeyRounds:
    """`trust` is read anew each round, as the bundles' rounds do; `name` is the machine's."""

    control: ObjectStore
    machine: MachineDirectory
    trust: Callable[[], TrustSet]
    metrics: Metrics
    name: str

    def once(self) -> None:
        """One round. Raises PicklefleetError; the machine then keeps the set that it had."""
        brought = sync_keys(KeyJournal(self.control, self.trust()), self.machine)
        self.metrics.increment("agent_key_syncs", outcome="ok")
        self.metrics.increment("agent_keys_confirmed", machine=self.name)
        if brought is not None:
            log.info("api_keys_brought", number=brought.number, keys=len(brought.keys))

    def run(self, pause_s: float, stop: threading.Event) -> None:
        repeat(self._try_once, min(pause_s, MAX_PAUSE_S), stop, max_pause_s=MAX_PAUSE_S)

    def _try_once(self) -> bool:
        return attempted(self.once, self.metrics, "agent_key_syncs", "key_sync_failed")


def sync_keys(journal: KeyJournal, machine: MachineDirectory) -> KeySetEntry | None:
    """What was brought, or None when the machine has the newest set. Without any key made, an empty set is brought.

    Raises StoreUnavailableError, and UntrustedBundleError for a set that may not be believed.
    """
    held = _held(machine)
    found = journal.newest(known=held.number if held else 0) or (None if held else NONE_YET)
    if found is not None:
        write_atomically(machine.api_keys, found.to_bytes())
    return found


def _held(machine: MachineDirectory) -> KeySetEntry | None:
    """The set in the cache, or None where there is none that can be read: it is then brought anew."""
    try:
        return entry_from_bytes(machine.api_keys.read_bytes())
    except (OSError, StoreError):
        return None
