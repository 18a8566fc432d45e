"""After a swap each web process holds models of its own; one by one they are replaced by children of a parent that has
loaded them once, so that memory is shared again.

Gunicorn does it: one process more (SIGTTIN; its parent loads what is served before it forks), then the oldest less
(SIGTTOU). Every process looks at who lives; one of them acts, and when it ends another goes on from what it sees.
"""

import fcntl
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from lifecycle import clock
from lifecycle.logs import get_logger
from lifecycle.web_processes import WebProcess, living

PATIENCE_S = 60.0  # for what was asked to be seen; then it is asked again

Step = Literal["grow", "shrink", "wait", "done"]

log = get_logger(__name__)


def next_step(processes: Sequence[WebProcess], workers: int, serving: str, digests: frozenset[str]) -> Step:
    """`processes` oldest first, of one parent; `serving` and `digests` are what the machine serves."""
    if len(processes) > workers:
        return "shrink" if all(process.serving == serving for process in processes) else "wait"
    stale = any(not digests <= frozenset(process.inherited) for process in processes)
    if not stale:
        return "done"
    return "grow" if len(processes) == workers else "wait"


@dataclass(slots=True)
class Recycling:
    """`parent` names the parent among others at the same folder; `signal_parent` sends it a signal."""

    folder: Path
    parent: str
    workers: int
    after_s: float
    serving: Callable[[], tuple[str, frozenset[str]] | None]
    signal_parent: Callable[[int], None] = lambda name: os.kill(os.getppid(), name)
    _lock: IO[bytes] | None = None
    _steady: tuple[str, float] = ("", 0.0)
    _asked: tuple[int, float] | None = None

    def turn(self) -> None:
        """Look, and act where it is this process's part and the policy has been steady."""
        serving = self.serving()
        if serving is None or not self._is_steady(serving[0]) or not self._leads():
            return
        processes = [process for process in living(self.folder) if process.parent == self.parent]
        if self._waits_for(len(processes)):
            return
        step = next_step(processes, self.workers, *serving)
        if step in {"grow", "shrink"}:
            log.info("recycling", step=step, processes=len(processes))
            self._asked = (len(processes), clock.monotonic() + PATIENCE_S)
            self.signal_parent(signal.SIGTTIN if step == "grow" else signal.SIGTTOU)

    def leave(self) -> None:
        """Let another process go on."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _is_steady(self, serving: str) -> bool:
        now = clock.monotonic()
        if self._steady[0] != serving:
            self._steady = (serving, now)
        return now - self._steady[1] >= self.after_s

    def _leads(self) -> bool:
        if self._lock is None:
            lock = (self.folder / f"recycling-{self.parent}").open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                return False
            self._lock = lock
        return True

    def _waits_for(self, count: int) -> bool:
        """Until the number of processes has changed."""
        if self._asked is not None and (count != self._asked[0] or clock.monotonic() > self._asked[1]):
            self._asked = None
        return self._asked is not None
