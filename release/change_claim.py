"""One change of traffic at a time: rollouts and releases take the same claim."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from lifecycle.claims import LONGEST_S, Claim, ClaimHeldError, take
from lifecycle.machine import MachineDirectory
from lifecycle.object_store import ObjectStore

CHANGE = "claims/change"
SILENT = timedelta(minutes=5)


@contextmanager
def change_claimed(control: ObjectStore, machine: MachineDirectory, name: str) -> Iterator[Claim]:
    """Its holder sends heartbeats. Raises ClaimHeldError while another walker lives.

    A lock in the machine's folder says that no walker runs here: what a killed one of this machine left is then
    taken over at once, that of another machine after five silent minutes.
    """
    path = machine.root / "walker.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise ClaimHeldError(
                "A walker runs on this machine already.",
                fix="See what it does: picklefleet rollout status, picklefleet release status.",
            ) from problem
        claim = take(control, CHANGE, LONGEST_S, holder=name, silent=SILENT)
        try:
            yield claim
        finally:
            claim.release()
