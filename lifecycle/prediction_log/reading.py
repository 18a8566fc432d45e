"""Reading the log: a window's rows by column, with their labels, and how much of what was answered is there."""
# ruff: noqa: S608 - names in these statements are this file's own, or go through `quoted`

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import TypeVar

import duckdb

from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.deletions import Deletion, deletions_since
from lifecycle.prediction_log.drop_counts import HOUR_MS, DropDocument, drop_document, dropped_rows
from lifecycle.prediction_log.duck import connect, quoted
from lifecycle.prediction_log.hour_files import (
    IDEMPOTENT_HOURS,
    LIVE,
    Chosen,
    HourFiles,
    HourTask,
    RemoteWorkers,
    Rows,
    Selection,
    fetched,
)
from lifecycle.prediction_log.label_join import FeedbackListing, LabelJoin
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.segment_index import HourListing, hours_of, listings
from lifecycle.window import Window

T = TypeVar("T")
Counts = tuple[int, int, int, int]

LATE_AFTER_MS = 24 * 3_600_000
IN_FLIGHT = 8
LABELS = ("actual", "actual_number", "received_ms", "conflict")


@dataclass(frozen=True, slots=True)
class Coverage:
    """All in rows. `served` = `seen` in the log + `dropped`, by reason. `labelled` have a true value; `late` of
    them got it more than a day after the prediction; `conflicts` got two different ones.

    Dropped as `damaged` or `unreadable` is what was recorded and then spoilt on a disk: that many at least.
    `feedback_dropped` are true values, by reason, that came since the window's start and could not be kept: each may
    have been one of the missing labels.
    """

    seen: int = 0
    labelled: int = 0
    late: int = 0
    conflicts: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    feedback_dropped: dict[str, int] = field(default_factory=dict)

    @property
    def served(self) -> int:
        return self.seen + sum(self.dropped.values())


@dataclass(frozen=True, slots=True)
class PredictionLog:
    """`memory` bounds DuckDB in each process; what does not fit goes to the cache's scratch folder.

    `feedback`: what was looked at already, where the log is read at one moment; else each window looks anew.
    `workers` take the hours of `map_hours`, where there is a cluster.
    """

    records: ObjectStore
    cache: SegmentCache
    memory: str = "2GB"
    threads: int = 2
    feedback: FeedbackListing | None = None
    workers: RemoteWorkers | None = None

    def at_one_moment(self) -> "PredictionLog":
        """The same log, for many windows at once: labels that come meanwhile are for the next reader."""
        return replace(self, feedback=FeedbackListing(self.records))

    def tasks(self, window: Window, which: Selection = LIVE) -> Iterator[HourTask]:
        """The window's hours that hold rows, in order, not fetched yet."""
        deletions, hours = deletions_since(self.records, _ms(window.start)), hours_of(window)
        around = range(hours.start - IDEMPOTENT_HOURS, hours.stop + IDEMPOTENT_HOURS)
        there = {one.hour: one for one in listings(self.records, "prediction", around) if one.keys}
        for listing in (one for hour, one in there.items() if hour in hours):
            # compacted segments hold nothing that was deleted; what came since may
            pending = _concerned(deletions, listing.hour) if listing.raw else ()
            chosen = Chosen(_ms(window.start), _ms(window.end), which, pending)
            nearby = tuple(_nearby(there, listing.hour))
            yield HourTask(listing.hour, listing.keys, chosen, self.memory, self.threads, nearby)

    def hours(self, window: Window, which: Selection = LIVE) -> Iterator[HourFiles]:
        """The window's hours that hold rows, in order, each fetched when it is asked for."""
        return (task.fetched(self.cache) for task in self.tasks(window, which))

    def scan(
        self,
        window: Window,
        columns: Sequence[str],
        which: Selection = LIVE,
    ) -> Iterator[Rows]:
        """Batches of rows, none of more than an hour; only these columns are read."""
        for hour in self.hours(window, which):
            yield from hour.batches(columns)

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
        hours, documents = hours_of(window), list(self._drop_documents())
        predictions = dropped_rows(documents, "prediction", hours)
        feedback = dropped_rows(documents, "feedback", range(hours.start, sys.maxsize))
        return Coverage(*total, predictions, feedback)

    def map_hours(
        self,
        window: Window,
        work: Callable[[HourFiles], T],
        merge: Callable[[T, T], T],
        *,
        executor: Executor | RemoteWorkers | None = None,
        which: Selection = LIVE,
    ) -> T | None:
        """Work on each hour apart, then merge in the order of time: the same result in one process and in many.
        None when no hour of the window holds rows.

        `executor` may be a pool of spawned processes that see the cache's folder, or workers that fetch for
        themselves. `work` must then be a function that can be pickled.
        """
        results: Iterator[T]
        executor = executor or self.workers
        if executor is None:
            results = map(work, self.hours(window, which))
        elif isinstance(executor, RemoteWorkers):
            remote = executor
            results = _in_order(remote.submit_task(work, task) for task in self.tasks(window, which))
        else:
            pool = executor
            results = _in_order(pool.submit(work, hour) for hour in self.hours(window, which))
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
            labels = LabelJoin(self.feedback or FeedbackListing(self.records), self.cache, one, window)
            for hour in self.hours(window, which):
                labels.beside(hour, columns)
                yield one

    def _drop_documents(self) -> Iterator[DropDocument]:
        """Of each origin the newest: its counts only grow."""
        newest: dict[str, str] = {}
        for key in self.records.list("kind=drops"):
            origin = key.rsplit("/", 1)[1].split("-")[0]
            newest[origin] = max(newest.get(origin, ""), key)
        yield from (drop_document(self.records.get(key)) for key in newest.values())


def _sums(one: Counts, other: Sequence[int]) -> Counts:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _nearby(there: Mapping[int, HourListing], hour: int) -> Iterator[str]:
    """What lies in the hours around one, without its own."""
    for other in range(hour - IDEMPOTENT_HOURS, hour + IDEMPOTENT_HOURS + 1):
        if other != hour and other in there:
            yield from there[other].keys


def _concerned(deletions: Sequence[Deletion], hour: int) -> tuple[Deletion, ...]:
    return tuple(one for one in deletions if one.until_ms >= hour * HOUR_MS)


def _prefixed(table: str, columns: Sequence[str]) -> str:
    return "".join(f", {table}.{quoted(name)}" for name in columns)


def _in_order(futures: Iterable[Future[T]]) -> Iterator[T]:
    """A few at once: the cache needs to hold no more hours than are in flight."""
    flight: deque[Future[T]] = deque()
    for future in futures:
        flight.append(future)
        if len(flight) == IN_FLIGHT:
            yield flight.popleft().result()
    while flight:
        yield flight.popleft().result()


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
