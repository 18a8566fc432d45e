"""What a writer could not record, by hour and reason, in a file whose space was taken beforehand: it can be
written on a full disk, and outlives the process.
"""

import errno
import os
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from lifecycle.prediction_log.framing import FrameReader, framed
from lifecycle.prediction_log.spool_files import try_lock

Reason = Literal["budget", "disk_full", "io_error", "not_encodable", "sync_failed", "failure"]

FORMAT = 1
HOUR_MS = 3_600_000
_SLOT_BYTES = 8192
_MAX_ENTRIES = 120


@dataclass(frozen=True, slots=True)
class HourDrops:
    """`hour` is Unix time in whole hours."""

    hour: int
    reason: str
    events: int
    rows: int


@dataclass(frozen=True, slots=True)
class DropDocument:
    """Everything one origin has dropped so far: of two documents of an origin the one with the higher `number`."""

    kind: str
    origin: str
    number: int
    drops: tuple[HourDrops, ...] = ()
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(self)


@dataclass(slots=True)
class DropCounts:
    """One writer's counts. Never raises: a count that can't be written is kept and written with the next."""

    path: Path
    kind: str
    origin: str
    _entries: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    _number: int = 0
    _saved: int = -1
    _handle: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, reason: Reason, rows: int, unix_ms: int) -> None:
        with self._lock:
            entry = self._entries.setdefault(self._slot(unix_ms // HOUR_MS, reason), [0, 0])
            entry[0] += 1
            entry[1] += rows
            self._number += 1
            self._save()

    def document(self) -> DropDocument:
        drops = tuple(
            HourDrops(hour, reason, events, rows) for (hour, reason), (events, rows) in self._entries.items()
        )
        return DropDocument(self.kind, self.origin, self._number, drops)

    def flush(self) -> None:
        """Take the space, or write what could not be written before."""
        with self._lock:
            if self._saved != self._number:
                self._save()

    def release(self) -> int | None:
        """Forget the file without closing it: a forked child leaves its parent's alone."""
        handle, self._handle = self._handle, None
        return handle

    def close(self) -> None:
        """Release the file; the agent ships what it holds. An empty one is not left behind."""
        with self._lock:
            if self._handle is None:
                return
            if not self._number:
                self.path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None

    def _slot(self, hour: int, reason: str) -> tuple[int, str]:
        """The entry's key; when the file can't hold more of them, the newest one of that reason goes on."""
        if (hour, reason) in self._entries or len(self._entries) < _MAX_ENTRIES:
            return hour, reason
        same = [key for key in self._entries if key[1] == reason]
        return max(same or self._entries)

    def _save(self) -> None:
        try:
            if self._handle is None:
                self._handle = _reserved(self.path)
            # two slots in turn: a writer killed in one leaves the other whole
            os.pwrite(self._handle, framed(self.document().to_bytes()), self._number % 2 * _SLOT_BYTES)
            self._saved = self._number
        except OSError:
            return  # kept, and written with the next


def read_drop_counts(path: Path) -> DropDocument | None:
    """The newest whole document of the file, or None while it holds none."""
    data = path.read_bytes()
    slots = (data[:_SLOT_BYTES], data[_SLOT_BYTES:])
    documents = [_document(payload) for slot in slots for payload in list(FrameReader(slot))[:1]]
    return max((d for d in documents if d.number), key=lambda d: d.number, default=None)


def dropped_rows(documents: Iterable[DropDocument], kind: str, hours: range) -> dict[str, int]:
    """Reason → rows of that kind in those hours."""
    counts = Counter[str]()
    for document in documents:
        if document.kind == kind:
            for drop in document.drops:
                counts[drop.reason] += drop.rows if drop.hour in hours else 0
    return {reason: rows for reason, rows in counts.items() if rows}


def drop_document(data: bytes) -> DropDocument:
    return _document(data)


def _document(payload: bytes) -> DropDocument:
    return msgspec.json.decode(payload, type=DropDocument)


def _reserved(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        if os.pwrite(handle, bytes(2 * _SLOT_BYTES), 0) == 2 * _SLOT_BYTES and try_lock(handle):
            return handle
    except OSError:
        os.close(handle)
        path.unlink(missing_ok=True)
        raise
    os.close(handle)
    path.unlink(missing_ok=True)
    raise OSError(errno.ENOSPC, "no room for the counts")
