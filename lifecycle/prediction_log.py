"""Reading the log: a window's rows by column, with their labels, and how much of what was answered is there."""
# ruff: noqa: S608 - names in these statements are this file's own, or go through `quoted`

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import TypeVar

import duckdb

from lifecycle.drop_counts import DropDocument, drop_document
from lifecycle.duck import connect, quoted, text
from lifecycle.hour_files import LIVE, Chosen, HourFiles, Rows, Selection, fetched, parquet
from lifecycle.object_store import ObjectStore
from lifecycle.segment_cache import SegmentCache
from lifecycle.segment_index import HourListing, hours_of, known_hours, listings
from lifecycle.window import Window

T = TypeVar("T")
IdBounds = tuple[str, str]
Counts = tuple[int, int, int, int]

LATE_AFTER_MS = 24 * 3_600_000
IN_FLIGHT = 8
ANY_ID: IdBounds = ("", "~")
LABELS = ("actual", "actual_number", "received_ms", "conflict")


@dataclass(frozen=True, slots=True)
class Coverage:
    """All in rows. `served` = `seen` in the log + `dropped`, by reason. `labelled` have a true value; `late` of
    them got it more than a day after the prediction; `conflicts` got two different ones.
    """

    seen: int = 0
    labelled: int = 0
    late: int = 0
    conflicts: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def served(self) -> int:
        return self.seen + sum(self.dropped.values())


@dataclass(frozen=True, slots=True)
class PredictionLog:
    """`memory` bounds DuckDB in each process; what does not fit goes to the cache's scratch folder."""

    records: ObjectStore
    cache: SegmentCache
    memory: str = "2GB"
    threads: int = 2

    def hours(self, window: Window, which: Selection = LIVE) -> Iterator[HourFiles]:
        """The window's hours that hold rows, in order, each fetched when it is asked for."""
        chosen = Chosen(_ms(window.start), _ms(window.end), which)
        for listing in listings(self.records, "prediction", hours_of(window)):
            with self.cache.scratch() as scratch:
                paths = self.cache.fetch(listing.keys)
                if paths:
                    yield HourFiles(listing.hour, paths, chosen, scratch, self.memory, self.threads)

    def scan(
        self,
        window: Window,
        columns: Sequence[str],
        which: Selection = LIVE,
    ) -> Iterator[Rows]:
        """Batches of rows, an hour each; only these columns are read."""
        for hour in self.hours(window, which):
            yield hour.read(columns)

    def labelled(
        self,
        window: Window,
        columns: Sequence[str],
        which: Selection = LIVE,
        *,
        all_rows: bool = False,
    ) -> Iterator[Rows]:
        """Batches with `actual`, `actual_number`, `received_ms` and `conflict` beside the columns.

        A row's value is the latest that arrived, `received_ms` the first arrival. Rows without one come only with
        `all_rows`.
        """
        wanted = [name for name in columns if name != "prediction_id"]
        join = "LEFT JOIN" if all_rows else "JOIN"
        for connection in self._joined(window, wanted, which):
            yield fetched(
                connection,
                f"SELECT p.prediction_id{_prefixed('p', wanted)}{_prefixed('l', LABELS)} "
                f"FROM predictions p {join} hour_labels l USING (prediction_id)",
            )

    def coverage(self, window: Window, which: Selection = LIVE) -> Coverage:
        """Drops are not told apart by version or source: the writer could not keep that much."""
        total = (0, 0, 0, 0)
        for connection in self._joined(window, ["at_ms"], which):
            found = connection.execute(
                "SELECT count(*), count(l.prediction_id), "
                f"count(*) FILTER (l.received_ms - p.at_ms > {LATE_AFTER_MS}), count(*) FILTER (l.conflict) "
                "FROM predictions p LEFT JOIN hour_labels l USING (prediction_id)"
            ).fetchall()
            total = _sums(total, found[0])
        return Coverage(*total, self._dropped(window))

    def map_hours(
        self,
        window: Window,
        work: Callable[[HourFiles], T],
        merge: Callable[[T, T], T],
        *,
        executor: Executor | None = None,
        which: Selection = LIVE,
    ) -> T | None:
        """Work on each hour apart, then merge in the order of time: the same result in one process and in many.
        None when no hour of the window holds rows.

        `executor` may be a pool of spawned processes, or a Dask client's `get_executor()` where the workers see
        the cache's folder. `work` must then be a function that can be pickled.
        """
        hours = self.hours(window, which)
        results: Iterator[T] = map(work, hours) if executor is None else _a_few_at_once(executor, work, hours)
        first = next(results, None)
        return None if first is None else reduce(merge, results, first)

    def _joined(
        self, window: Window, columns: Sequence[str], which: Selection
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """For each hour a connection with `predictions` and the `hour_labels` that can be theirs."""
        with (
            self.cache.scratch() as scratch,
            connect(scratch, memory=self.memory, threads=self.threads) as one,
        ):
            loaded = id_bounds(window)
            self._create_labels(one, window, loaded)
            for hour in self.hours(window, which):
                hour.create_view(one, ["prediction_id", *columns])
                needed = _bounds(one)
                if needed[0] < loaded[0] or needed[1] > loaded[1]:  # ids that don't carry their record's time
                    loaded = ANY_ID
                    self._create_labels(one, window, loaded)
                one.execute(
                    f"CREATE OR REPLACE TEMP VIEW hour_labels AS SELECT * FROM labels WHERE {_within(needed)}"
                )
                yield one

    def _create_labels(self, connection: duckdb.DuckDBPyConnection, window: Window, ids: IdBounds) -> None:
        """The latest value by arrival for each id, in the order of ids, which is that of time."""
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE feedback (prediction_id VARCHAR, actual VARCHAR, "
            "actual_number DOUBLE, received_ms BIGINT)"
        )
        for paths in self._feedback(window, ids):
            connection.execute(
                "INSERT INTO feedback SELECT prediction_id, actual, actual_number, received_ms "
                f"FROM {parquet(paths)} WHERE {_within(ids)}"
            )
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE labels AS SELECT prediction_id, arg_max(actual, received_ms) AS actual, "
            "arg_max(actual_number, received_ms) AS actual_number, min(received_ms) AS received_ms, "
            "min(actual) <> max(actual) AS conflict FROM feedback GROUP BY prediction_id ORDER BY prediction_id"
        )
        connection.execute("DROP TABLE feedback")

    def _feedback(self, window: Window, ids: IdBounds) -> Iterator[tuple[Path, ...]]:
        """From the window's first hour on: a label never comes before its prediction."""
        hours = known_hours(self.records, "feedback", hours_of(window).start)
        for listing in listings(self.records, "feedback", hours):
            keys = _may_hold(listing, ids)
            if keys:
                yield self.cache.fetch(keys)

    def _dropped(self, window: Window) -> dict[str, int]:
        hours, counts = hours_of(window), Counter[str]()
        for document in self._drop_documents():
            if document.kind == "prediction":
                for drop in document.drops:
                    counts[drop.reason] += drop.rows if drop.hour in hours else 0
        return {reason: rows for reason, rows in counts.items() if rows}

    def _drop_documents(self) -> Iterator[DropDocument]:
        """Of each origin the newest: its counts only grow."""
        newest: dict[str, str] = {}
        for key in self.records.list("kind=drops"):
            origin = key.rsplit("/", 1)[1].split("-")[0]
            newest[origin] = max(newest.get(origin, ""), key)
        yield from (drop_document(self.records.get(key)) for key in newest.values())


def id_bounds(window: Window) -> IdBounds:
    """The least and the greatest text that an id minted in the window can be: ids begin with their time."""
    return _id_floor(_ms(window.start)), _id_floor(_ms(window.end)) + "~"


def _id_floor(unix_ms: int) -> str:
    """The first ten characters are 50 bits: 48 of Unix milliseconds and two that are 0 here."""
    number = unix_ms << 2
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[(number >> shift) & 31] for shift in range(45, -1, -5))


def _sums(one: Counts, other: Sequence[int]) -> Counts:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _bounds(connection: duckdb.DuckDBPyConnection) -> IdBounds:
    row = connection.execute("SELECT min(prediction_id), max(prediction_id) FROM predictions").fetchone()
    first, last = row or (None, None)
    return (first, last) if first is not None else ("~", "")


def _within(ids: IdBounds) -> str:
    return f"prediction_id BETWEEN {text(ids[0])} AND {text(ids[1])}"


def _may_hold(listing: HourListing, ids: IdBounds) -> list[str]:
    compacted = [
        segment.key
        for segment in listing.index.segments
        if segment.first_id <= ids[1] and segment.last_id >= ids[0]
    ]
    return [*compacted, *listing.raw]


def _prefixed(table: str, columns: Sequence[str]) -> str:
    return "".join(f", {table}.{quoted(name)}" for name in columns)


def _a_few_at_once(
    executor: Executor, work: Callable[[HourFiles], T], hours: Iterator[HourFiles]
) -> Iterator[T]:
    """In order; the cache needs to hold no more hours than are in flight."""
    flight: deque[Future[T]] = deque()
    for hour in hours:
        flight.append(executor.submit(work, hour))
        if len(flight) == IN_FLIGHT:
            yield flight.popleft().result()
    while flight:
        yield flight.popleft().result()


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
