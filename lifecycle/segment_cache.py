"""Segments of the store as local files: fetched in parallel, kept within a bound, the longest unused go first."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from lifecycle.object_store import ObjectStore

PARALLEL = 8
LIMIT_BYTES = 4 << 30


class SegmentCache:
    """A segment never changes, so a file that is here is right. May be shared by several processes."""

    def __init__(self, records: ObjectStore, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._records = records
        self._folder = folder
        self._limit = limit_bytes

    def fetch(self, keys: Sequence[str]) -> tuple[Path, ...]:
        """Raises NotFoundError when a segment was replaced meanwhile: list again."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(PARALLEL) as pool:
            paths = tuple(pool.map(self._one, keys))
        self._trim(frozenset(paths))
        return paths

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Where DuckDB puts what does not fit into memory."""
        folder = self._folder / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        yield folder

    def _one(self, key: str) -> Path:
        path = self._folder / key.replace("/", "+")
        if path.exists():
            os.utime(path)
        else:
            self._records.get_to_file(key, path)
        return path

    def _trim(self, in_use: frozenset[Path]) -> None:
        files = sorted((path.stat().st_mtime, path) for path in self._folder.glob("*.parquet"))
        over = sum(path.stat().st_size for _, path in files) - self._limit
        for _, path in files:
            if over <= 0:
                return
            if path not in in_use:
                over -= path.stat().st_size
                path.unlink()
