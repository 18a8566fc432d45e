"""Append events before their answers leave: one write, one process's own file, never an exception to the caller."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from lifecycle.prediction_log.drop_counts import Reason
from lifecycle.prediction_log.framing import framed
from lifecycle.prediction_log.process_spool import Event, ProcessSpool, SpoolLimits


class SpoolWriter:
    """May be made before a fork and used in every child: each process opens files of its own at its first event.

    `header` is the first event of each file. With `background` a thread syncs and seals by age; without it,
    call `tick` now and then.
    """

    def __init__(  # noqa: PLR0913 - where, what, how much, and who is told
        self,
        directory: Path,
        kind: str,
        header: bytes,
        limits: SpoolLimits,
        *,
        background: bool = True,
        told: Callable[[Reason, int], None] = lambda _reason, _rows: None,
    ) -> None:
        self._make = partial(
            ProcessSpool, directory, kind, framed(header), limits, background=background, told=told
        )
        self._by_pid: dict[int, ProcessSpool] = {}

    def append(self, payload: bytes, rows: int) -> bool:
        """True when the event is with the system (kill -9 can't lose it any more); False when it was counted out."""
        return self._mine().append([(payload, rows)])

    def append_all(self, events: Sequence[Event]) -> bool:
        """Several in one write: all of them are with the system, or all were counted out."""
        return self._mine().append(events)

    def count_out(self, reason: Reason, rows: int) -> None:
        """Count an event that never became bytes."""
        self._mine().count_out(reason, rows)

    def tick(self) -> None:
        self._mine().tick()

    def close(self) -> None:
        """Seal what is open; later events open anew."""
        self._mine().close()

    def _mine(self) -> ProcessSpool:
        pid = os.getpid()
        mine = self._by_pid.get(pid)
        if mine is not None:
            return mine
        made = self._make()
        mine = self._by_pid.setdefault(pid, made)  # two threads may come first together: one's is taken
        if mine is made:
            self._leave_inherited(pid)
        return mine

    def _leave_inherited(self, pid: int) -> None:
        for other in [key for key in self._by_pid if key != pid]:
            self._by_pid.pop(other).leave()
