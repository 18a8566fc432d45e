"""What one web process counts. It never raises into a request and never waits for a disk: a thread writes the file."""

import os
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from lifecycle import clock
from lifecycle.logs import get_logger
from lifecycle.measurements.cell import Cell, Ending, Source
from lifecycle.measurements.document import Measurements
from lifecycle.measurements.score_bins import ScoreBins, read_score_bins
from lifecycle.model import OutputAnswer
from lifecycle.signature import Output, Signature

WRITTEN_EVERY_S = 1.0
KEPT_MINUTES = 90
SUFFIX = ".json"

log = get_logger(__name__)


class Answered(msgspec.Struct, frozen=True):
    """One request that has ended, or a shadow's copy of one. `seconds`: None where they tell nothing.

    `answers` to `rows` rows, of which one drawn row is counted: a request is the unit, however many rows it has.
    `disagreed`: of a shadow, whether that row's answer was another one than the champion's.
    """

    version: str
    arm: str
    ending: Ending
    rows: int = 0
    seconds: float | None = None
    outputs: Sequence[Output] = ()
    answers: Sequence[OutputAnswer] = ()
    row: int = 0
    source: Source = "live"
    disagreed: bool | None = None


@dataclass(slots=True)
class Measuring:
    """`folder` is the machine's, for this colour; all scores are counted in the bins of the champion."""

    folder: Path
    _bins: ScoreBins = field(default_factory=ScoreBins)
    _minutes: dict[int, dict[tuple[str, str, str], Cell]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _path: Path | None = None
    _changed: bool = False

    def count(self, answered: Answered) -> None:
        """Never raises: what can't be counted is told to the log, and the answer leaves."""
        try:
            places = self._bins.places(answered.outputs, answered.answers, answered.row)
            with self._lock:
                _count(self._cell(answered), answered, places)
                self._changed = True
        except Exception as problem:  # noqa: BLE001 - the answer leaves, whatever it holds
            log.warning("not_measured", kind=type(problem).__name__)

    def compare_with(self, champion: Path, signature: Signature) -> None:
        """The bundle of the version that all others are compared with. Never raises."""
        try:
            self._bins = read_score_bins(champion, signature)
        except Exception as problem:  # noqa: BLE001 - it serves all the same
            self._bins = ScoreBins()
            log.warning("scores_not_measured", kind=type(problem).__name__)

    def start(self) -> None:
        """In a worker, after the fork: a file of its own, written in the background."""
        self._path = self.folder / f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        threading.Thread(target=self._keep_writing, name="measurements", daemon=True).start()

    def flush(self) -> None:
        """Write what was counted since. A disk that fails is tried again: the file holds all that is kept."""
        if self._path is None or not self._changed:
            return
        with self._lock:
            self._changed = False
            data = self._document().to_bytes()
        try:
            self._replace(self._path, data)
        except OSError as problem:
            self._changed = True
            log.warning("measurements_not_written", kind=type(problem).__name__)

    def _cell(self, answered: Answered) -> Cell:
        minute = clock.unix_ms() // 60_000
        cells = self._minutes.get(minute)
        if cells is None:
            cells = self._minutes.setdefault(minute, {})
            self._forget(minute - KEPT_MINUTES)
        key = (answered.version, answered.arm, answered.source)
        if key not in cells:
            cells[key] = Cell(version=answered.version, arm=answered.arm, source=answered.source)
        return cells[key]

    def _forget(self, before: int) -> None:
        for minute in [minute for minute in self._minutes if minute < before]:
            del self._minutes[minute]

    def _document(self) -> Measurements:
        minutes = {minute: list(cells.values()) for minute, cells in self._minutes.items()}
        return Measurements(minutes=minutes, written_ms=clock.unix_ms())

    def _replace(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        try:
            fresh.write_bytes(data)
            fresh.replace(path)  # a reader finds the old counts or the new ones, never half of them
        except OSError:
            with suppress(OSError):
                fresh.unlink()
            raise

    def _keep_writing(self) -> None:
        pause = threading.Event()
        while not pause.wait(WRITTEN_EVERY_S):
            self.flush()


def _count(cell: Cell, answered: Answered, places: dict[str, tuple[int, int]]) -> None:
    cell.count(answered.ending, answered.rows, answered.seconds)
    for column, (place, of) in places.items():
        cell.count_score(column, place, of)
    if answered.disagreed is not None:
        cell.compared += 1
        cell.disagreed += answered.disagreed
