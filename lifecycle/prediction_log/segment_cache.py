"""Segments of the store as local files: fetched in parallel, kept within a bound, the longest unused go first."""

import math
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from lifecycle import clock
from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.duck import SPILL

PARALLEL = 8
LIMIT_BYTES = 4 << 30
LOOK_PARTS = 16  # the folder is looked through after each such part of the limit, not at each fetch
ABANDONED_AFTER_S = 24 * 3600
UNUSED_AFTER_S = 7 * 24 * 3600


class SegmentCache:
    """A segment never changes, so a file that is here is right. May be shared by several processes."""

    def __init__(self, records: ObjectStore, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._records = records
        self._folder = folder
        self._limit = limit_bytes
        self._swept = False
        self._since_trim: float = math.inf  # bytes fetched since the folder was last looked through

    def fetch(self, keys: Sequence[str]) -> tuple[Path, ...]:
        """Raises NotFoundError when a segment was replaced meanwhile: list again."""
        self._folder.mkdir(parents=True, exist_ok=True)
        wanted = {key: self._folder / key.replace("/", "+") for key in keys}
        missing = {key: path for key, path in wanted.items() if not _used(path)}
        if missing:
            with ThreadPoolExecutor(min(PARALLEL, len(missing))) as pool:
                self._since_trim += sum(pool.map(self._bring, missing, missing.values()))
        if self._since_trim > self._limit / LOOK_PARTS:
            self._trim(frozenset(wanted.values()))
            self._since_trim = 0.0
        return tuple(wanted[key] for key in keys)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Where DuckDB puts what does not fit into memory."""
        folder = self._folder / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        if not self._swept:
            self._swept = True
            sweep_abandoned(self._folder, folder)
        yield folder

    def _bring(self, key: str, path: Path) -> int:
        """The bytes that were fetched."""
        self._records.get_to_file(key, path)
        return path.stat().st_size

    def _trim(self, in_use: frozenset[Path]) -> None:
        files = sorted(_with_sizes(self._folder.glob("*.parquet")))
        over = sum(size for _, size, _ in files) - self._limit
        for _, size, path in files:
            if over <= 0:
                return
            if path not in in_use:
                over -= size
                path.unlink(missing_ok=True)


def _used(path: Path) -> bool:
    """Whether it is here; if so it is now the one used last."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def sweep_abandoned(cache: Path, scratch: Path) -> None:
    """What a killed reader left: half-fetched segments, half-written ones, and what DuckDB could not keep in memory.

    Only after a day: an ended process can't be told from one in another container. Segments that nobody asked for
    in a week go too: one that was replaced because its subject was deleted must not stay here for ever.
    """
    now = clock.unix_ms() / 1000
    spilled = [folder for folder in scratch.glob(f"{SPILL}*") if not _is_running(folder)]
    _remove_older(
        [*cache.glob(".*.parquet.*"), *scratch.glob("*.parquet"), *spilled], now - ABANDONED_AFTER_S
    )
    _remove_older(cache.glob("*.parquet"), now - UNUSED_AFTER_S)


def _remove_older(paths: Iterable[Path], limit: float) -> None:
    for path in paths:
        if _newest(path) >= limit:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _is_running(spill: Path) -> bool:
    process = spill.name.removeprefix(SPILL).split("-")[0]
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _newest(path: Path) -> float:
    """The last change of a file, or of anything in a folder."""
    return max((modified for modified, _, _ in _with_sizes([path, *path.glob("*")])), default=math.inf)


def _with_sizes(paths: Iterable[Path]) -> Iterator[tuple[float, int, Path]]:
    """Time of change, size and path of what is still there: other processes tidy up too."""
    for path in paths:
        with suppress(FileNotFoundError):
            status = path.stat()
            yield status.st_mtime, status.st_size, path
