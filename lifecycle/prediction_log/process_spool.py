"""One process's spool of one kind: its open file, its limits, and what it had to leave out."""

import errno
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lifecycle import clock
from lifecycle.prediction_log.drop_counts import DropCounts, Reason
from lifecycle.prediction_log.framing import framed
from lifecycle.prediction_log.spool_files import (
    directory_bytes,
    new_origin,
    open_name,
    sealed_path,
    sync_directory,
    try_lock,
)

TICK_S = 0.25

Event = tuple[bytes, int]  # its payload, and how many rows it tells of

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """A file is sealed at a size or an age; `budget_bytes` bounds the whole directory, all processes together.

    The budget is looked at once a second at most: it may be passed by what is written in such a second.
    """

    seal_bytes: int = 16 << 20
    seal_age_s: float = 60.0
    sync_interval_s: float = 1.0
    budget_bytes: int = 2 << 30


class ProcessSpool:
    def __init__(  # noqa: PLR0913 - where, what, how much, and who is told
        self,
        directory: Path,
        kind: str,
        header: bytes,
        limits: SpoolLimits,
        *,
        background: bool,
        told: Callable[[Reason, int], None] = lambda _reason, _rows: None,
    ) -> None:
        self._told = told
        self._directory, self._kind, self._header, self._limits = directory, kind, header, limits
        self._origin = new_origin()
        self._drops = DropCounts(directory / f"{kind}-{self._origin}.counts", kind, self._origin)
        self._lock = threading.Lock()
        self._background = background
        self._stop = threading.Event()
        self._keeper: threading.Thread | None = None
        self._sequence = 0
        self._handle: int | None = None
        self._path = directory
        self._size = 0
        self._opened = self._synced = 0.0
        self._synced_size = 0
        self._retired: list[tuple[int, Path]] = []
        self._used = 0
        self._next_look = 0.0

    def append(self, events: Sequence[Event]) -> bool:
        """All of them in one write, or none."""
        try:
            frames = b"".join([framed(payload) for payload, _ in events])
            with self._lock:
                reason = self._write(frames)
        except Exception:  # noqa: BLE001 - whatever it is, the answers must leave
            reason = "failure"
        if reason is not None:
            for _, rows in events:
                self.count_out(reason, rows)
        return reason is None

    def count_out(self, reason: Reason, rows: int) -> None:
        self._drops.add(reason, rows, clock.unix_ms())
        self._told(reason, rows)

    def tick(self) -> None:
        """What needs no haste: seal by age, sync by interval, finish sealing, write counts that could not be."""
        now = clock.monotonic()
        with self._lock:
            if self._holds_events() and now - self._opened >= self._limits.seal_age_s:
                self._retire()
            copy = self._copy_to_sync(now)
        if copy is not None and not _sync_and_close(copy):
            self.count_out("sync_failed", 0)
        self._seal_retired()
        self._drops.flush()

    def close(self) -> None:
        self._stop.set()
        self._keeper = None
        with self._lock:
            self._retire()
        self._seal_retired()
        self._drops.close()

    def leave(self) -> None:
        """In a forked child: close what the parent has open, and touch nothing else of it."""
        handles = [handle for handle, _ in self._retired]
        for handle in [self._handle, self._drops.release(), *handles]:
            if handle is not None:
                os.close(handle)

    def _write(self, frames: bytes) -> Reason | None:
        try:
            if clock.monotonic() >= self._next_look:
                self._look_at_directory()
            if self._used + len(frames) > self._limits.budget_bytes:
                return "budget"
            if self._handle is None:
                self._open()
            return self._put(frames)
        except OSError as problem:
            self._undo()
            return "disk_full" if problem.errno in _FULL else "io_error"

    def _put(self, frames: bytes) -> Reason | None:
        assert self._handle is not None  # noqa: S101 - opened by the caller
        written = os.write(self._handle, frames)
        if written != len(frames):
            self._undo()
            return "disk_full"
        self._size += written
        self._used += written
        if self._size >= self._limits.seal_bytes:
            self._retire()
        return None

    def _open(self) -> None:
        """A locked file with its header. The agent may seal it in the moment before the lock: then the next one."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._drops.flush()
        while True:
            path = self._directory / open_name(self._kind, self._origin, self._sequence)
            self._sequence += 1  # whatever happens to it, a name is used once
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o640)
            if _owns(handle, path):
                break
            os.close(handle)
        if os.write(handle, self._header) != len(self._header):
            path.unlink(missing_ok=True)
            os.close(handle)
            raise OSError(errno.ENOSPC, "the header could not be written")
        self._handle, self._path, self._size = handle, path, len(self._header)
        self._opened = self._synced = clock.monotonic()
        self._start_keeper()

    def _undo(self) -> None:
        """Cut off what a failed write left; where even that fails, go on in another file: readers skip the rest."""
        if self._handle is None:
            return
        try:
            os.ftruncate(self._handle, self._size)
        except OSError:
            self._retire()

    def _holds_events(self) -> bool:
        return self._handle is not None and self._size > len(self._header)

    def _retire(self) -> None:
        """Hand the file to the next tick, which seals it; one without events is not worth a name."""
        if self._handle is None:
            return
        if self._holds_events():
            self._retired.append((self._handle, self._path))
        else:
            self._path.unlink(missing_ok=True)
            os.close(self._handle)
        self._handle = None

    def _seal_retired(self) -> None:
        with self._lock:
            retired, self._retired = self._retired, []
        for handle, path in retired:
            if not _seal(handle, path):
                self.count_out("sync_failed", 0)

    def _copy_to_sync(self, now: float) -> int | None:
        """A second handle of the open file, so that the slow sync happens outside the lock."""
        due = now - self._synced >= self._limits.sync_interval_s
        if self._handle is None or not due or self._synced_size == self._size:
            return None
        self._synced, self._synced_size = now, self._size
        return os.dup(self._handle)

    def _look_at_directory(self) -> None:
        """Once a second, and seldomer where looking takes long; between looks only this process's writes count."""
        started = clock.monotonic()
        self._used = directory_bytes(self._directory) if self._directory.is_dir() else 0
        took = clock.monotonic() - started
        self._next_look = started + max(1.0, 100 * took)

    def _start_keeper(self) -> None:
        if self._background and self._keeper is None:
            self._stop.clear()
            self._keeper = threading.Thread(target=self._keep, name="spool-keeper", daemon=True)
            self._keeper.start()

    def _keep(self) -> None:
        while not self._stop.wait(TICK_S):
            try:
                self.tick()
            except OSError:
                continue  # a full or failing disk: the next round tries again


def _owns(handle: int, path: Path) -> bool:
    try:
        return try_lock(handle) and os.fstat(handle).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _sync_and_close(handle: int) -> bool:
    try:
        os.fsync(handle)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _seal(handle: int, path: Path) -> bool:
    """Durable, renamed, then unlocked; where that fails the agent finds it unlocked and tries the same."""
    try:
        os.fsync(handle)
        path.rename(sealed_path(path))
        sync_directory(path.parent)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
