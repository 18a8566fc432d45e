"""One hour of the log: the unit of work. It can be pickled, so any process may do the work: one that sees the files,
or one that fetches them itself.
"""
# ruff: noqa: S608 - names in these statements are this file's own, or go through `quoted`

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import duckdb
import numpy as np
import numpy.typing as npt

from lifecycle.prediction_log.deletions import Deletion, any_matches
from lifecycle.prediction_log.duck import connect, quoted, text
from lifecycle.prediction_log.segment_cache import SegmentCache

T = TypeVar("T")
Rows = dict[str, npt.NDArray[Any]]

ROWS_AT_ONCE = 100_000
IDEMPOTENT_HOURS = 24  # for so long at least a request that is sent again is known
LIVE_SOURCES = ("live", "import")
_ANSWERED = "struct_pack(at_ms := at_ms, base := split_part(prediction_id, '-', 1))"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records count; all versions where none is given."""

    sources: tuple[str, ...] = LIVE_SOURCES
    version: str | None = None


LIVE = Selection()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows of a selection in [start_ms, end_ms), without those that shall be forgotten."""

    start_ms: int
    end_ms: int
    selection: Selection = LIVE
    deletions: tuple[Deletion, ...] = ()

    def condition(self) -> str:
        sources, version = ", ".join(map(text, self.selection.sources)), self.selection.version
        one = f" AND version = {text(version)}" if version is not None else ""
        kept = f" AND NOT ({any_matches(self.deletions)})" if self.deletions else ""
        return f"at_ms >= {self.start_ms} AND at_ms < {self.end_ms} AND source IN ({sources}){one}{kept}"


@dataclass(frozen=True, slots=True)
class HourTask:
    """An hour that is not fetched yet. `hour` is Unix time in whole hours, `keys` are its segments, `nearby` those of
    the hours around it, in which one of its requests may have been sent before, or again.
    """

    hour: int
    keys: tuple[str, ...]
    chosen: Chosen
    memory: str = "1GB"
    threads: int = 1
    nearby: tuple[str, ...] = ()

    def fetched(self, cache: SegmentCache) -> "HourFiles":
        """The nearby segments come only where a request of this hour has an Idempotency-Key.

        Raises NotFoundError when a segment was replaced meanwhile.
        """
        with cache.scratch() as scratch:
            paths = cache.fetch(self.keys)
            hour = HourFiles(self.hour, paths, self.chosen, scratch, self.memory, self.threads)
            if not (self.nearby and hour.has_idempotent):
                return hour
            both = cache.fetch((*self.keys, *self.nearby))
            return replace(hour, paths=both[: len(paths)], nearby=both[len(paths) :])


@runtime_checkable
class RemoteWorkers(Protocol):
    """Processes that don't see this one's files: each fetches what it works on."""

    def submit_task(self, work: Callable[["HourFiles"], T], task: HourTask) -> Future[T]:
        """`work` must be a function that can be pickled."""
        ...


@dataclass(frozen=True, slots=True)
class HourFiles:
    """`hour` is Unix time in whole hours; `scratch` takes what DuckDB can't hold in memory."""

    hour: int
    paths: tuple[Path, ...]
    chosen: Chosen
    scratch: Path
    memory: str = "1GB"
    threads: int = 1
    nearby: tuple[Path, ...] = ()

    @property
    def all_paths(self) -> tuple[Path, ...]:
        return (*self.paths, *self.nearby)

    @property
    def has_idempotent(self) -> bool:
        with _engine(os.getpid(), self.scratch, self.memory, self.threads).cursor() as connection:
            return _has_idempotent(connection, parquet(self.paths))

    def read(self, columns: Sequence[str]) -> Rows:
        """Column name → values of all rows; a column that no version of this hour has is all missing."""
        with self.opened(columns) as connection:
            return fetched(connection, f"SELECT {names(columns)} FROM predictions")

    def batches(self, columns: Sequence[str], rows: int = ROWS_AT_ONCE) -> Iterator[Rows]:
        """The same in pieces of at most `rows` rows, so that memory is bounded; at least one, which may be empty."""
        with self.opened(columns) as connection:
            found = connection.execute("SELECT count(*) FROM predictions").fetchone()
            total = found[0] if found else 0
            if total <= rows:
                yield fetched(connection, f"SELECT {names(columns)} FROM predictions")
                return
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE kept AS SELECT {names(columns)} FROM predictions"
            )
            for first in range(0, total, rows):
                within = f"rowid >= {first} AND rowid < {first + rows}"
                yield fetched(connection, f"SELECT {names(columns)} FROM kept WHERE {within}")

    def query(self, columns: Sequence[str], statement: str) -> list[tuple[Any, ...]]:
        """Any SELECT over the view `predictions`, which has these columns."""
        with self.opened(columns) as connection:
            return connection.execute(statement).fetchall()

    @contextmanager
    def opened(self, columns: Sequence[str]) -> Iterator[duckdb.DuckDBPyConnection]:
        with _engine(os.getpid(), self.scratch, self.memory, self.threads).cursor() as connection:
            self.create_view(connection, columns)
            yield connection

    def create_view(self, connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> None:
        """The view `predictions`: only the rows that count, each idempotent request once."""
        source = parquet(self.paths)
        there = {
            row[0].casefold() for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        }
        chosen = ", ".join(
            quoted(name) if name.casefold() in there else f"NULL AS {quoted(name)}" for name in columns
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW predictions AS SELECT {chosen} FROM {source} "
            f"WHERE {self.chosen.condition()}{_once(connection, source, parquet(self.all_paths))}"
        )


@lru_cache(maxsize=2)
def _engine(_pid: int, scratch: Path, memory: str, threads: int) -> duckdb.DuckDBPyConnection:
    """One engine a process: starting it takes longer than most hours do. A forked child starts its own."""
    return connect(scratch, memory=memory, threads=threads)


def parquet(paths: Sequence[Path]) -> str:
    """Columns are united by name: segments of different signatures lie side by side."""
    files = ", ".join(text(str(path)) for path in paths)
    return f"read_parquet([{files}], union_by_name = true)"


def names(columns: Sequence[str]) -> str:
    return ", ".join(map(quoted, columns))


def fetched(connection: duckdb.DuckDBPyConnection, statement: str) -> Rows:
    """Missing numbers come as NaN, missing texts as None."""
    columns: Any = connection.execute(statement).fetchnumpy()
    return {name: _plain(values) for name, values in columns.items()}


def _plain(values: Any) -> npt.NDArray[Any]:
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values)
    plain: npt.NDArray[Any] = np.array(values.data, dtype=object if values.dtype == object else np.float64)
    plain[np.ma.getmaskarray(values)] = None if plain.dtype == object else np.nan
    return plain


def _once(connection: duckdb.DuckDBPyConnection, source: str, and_nearby: str) -> str:
    """A request that was sent again under its Idempotency-Key counts once: as it was answered first, whenever and by
    whichever machine that was.
    """
    if not _has_idempotent(connection, source):
        return ""
    return (
        f" AND (idempotency IS NULL OR (idempotency, {_ANSWERED}) IN (SELECT idempotency, min({_ANSWERED}) "
        f"FROM {and_nearby} WHERE idempotency IN (SELECT idempotency FROM {source}) GROUP BY idempotency))"
    )


def _has_idempotent(connection: duckdb.DuckDBPyConnection, source: str) -> bool:
    found = connection.execute(f"SELECT 1 FROM {source} WHERE idempotency IS NOT NULL LIMIT 1").fetchone()
    return found is not None
