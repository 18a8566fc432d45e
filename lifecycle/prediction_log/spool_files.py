"""The spool directory: names, what a living writer holds, and sealing what a dead one left."""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lifecycle import clock
from lifecycle.prediction_log.framing import PREFIX_BYTES, FrameReader, payload_length

_NAME = re.compile(r"([a-z]+)-([0-9a-f]{32})-([0-9]{6,})\.(open|sealed)")


@dataclass(frozen=True, slots=True, order=True)
class SpoolFile:
    """`origin` is one writer in one process, unique over all machines and starts; it begins with its time."""

    kind: str
    origin: str
    sequence: int
    sealed: bool
    path: Path

    @property
    def segment(self) -> str:
        """The name that this spool decides for a segment: the same at every replay."""
        return f"{self.origin}-{self.sequence:06d}"


def new_origin() -> str:
    """48 bits of Unix ms, 24 of process id and 56 random, as hexadecimal digits."""
    return f"{clock.unix_ms():012x}{os.getpid() & 0xFFFFFF:06x}{secrets.token_hex(7)}"


def open_name(kind: str, origin: str, sequence: int) -> str:
    return f"{kind}-{origin}-{sequence:06d}.open"


def spool_files(directory: Path) -> list[SpoolFile]:
    """All spools, by kind and age. What does not look like one is left alone."""
    return sorted(_spool_files(directory))


def spool_file(path: Path) -> SpoolFile | None:
    match = _NAME.fullmatch(path.name)
    return match and SpoolFile(match[1], match[2], int(match[3]), match[4] == "sealed", path)


def read_events(path: Path) -> FrameReader:
    """Every whole event of a spool, its header first; afterwards the reader tells what was torn or damaged."""
    return FrameReader(path.read_bytes())


def first_event(path: Path) -> bytes | None:
    """The header, without reading the rest; None where the file does not begin with a whole event."""
    with path.open("rb") as file:
        start = file.read(PREFIX_BYTES)
        return next(iter(FrameReader(start + file.read(payload_length(start)))), None)


def sealed_path(path: Path) -> Path:
    return path.with_suffix(".sealed")


def adopt_orphans(directory: Path) -> list[Path]:
    """Seal the open spools whose writers are dead: nobody holds their lock any more."""
    return [
        sealed_path(spool.path) for spool in spool_files(directory) if not spool.sealed and _adopt(spool.path)
    ]


def is_abandoned(path: Path) -> bool:
    """Whether the process that held this file's lock has ended."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return try_lock(handle)
    finally:
        os.close(handle)


def try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sync_directory(directory: Path) -> None:
    """Make names durable: files created, renamed or deleted in it."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def directory_bytes(directory: Path) -> int:
    """What the files directly in it take."""
    total = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            try:
                total += entry.stat(follow_symlinks=False).st_size if entry.is_file() else 0
            except FileNotFoundError:
                continue  # shipped and deleted meanwhile
    return total


def _spool_files(directory: Path) -> Iterator[SpoolFile]:
    if directory.is_dir():
        for path in directory.iterdir():
            spool = spool_file(path)
            if spool is not None:
                yield spool


def _adopt(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        if not try_lock(handle) or not path.exists():
            return False
        os.fsync(handle)
        path.rename(sealed_path(path))
        sync_directory(path.parent)
        return True
    finally:
        os.close(handle)
