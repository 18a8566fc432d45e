"""True values beside an hour's predictions: by prediction id, or by the caller's own key for the row.

A row's value is the latest that arrived, however it was told; `received_ms` is the first arrival. Of two values that
arrived in the same millisecond the greater text stands, so that every reader finds the same.
"""
# ruff: noqa: S608 - names in these statements are this package's own, or go through `quoted`

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from lifecycle.object_store import ObjectStore
from lifecycle.prediction import row_key_reference
from lifecycle.prediction_log.drop_counts import HOUR_MS
from lifecycle.prediction_log.duck import text
from lifecycle.prediction_log.hour_files import IDEMPOTENT_HOURS, HourFiles, parquet
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.segment_index import HourListing, hours_of, known_hours, listings
from lifecycle.window import Window

IdBounds = tuple[str, str]

ANY_ID: IdBounds = ("", "~")
KEY = row_key_reference("")
BY_KEY: IdBounds = (KEY, "key;")  # the next character after the colon

SEGMENTS_AT_ONCE = 128  # a statement costs as much as reading some small segments

_TOLD = "struct_pack(received_ms, actual, actual_number)"
_TOLD_TYPE = "STRUCT(received_ms BIGINT, actual VARCHAR, actual_number DOUBLE)"
_JOINED_BY = ("owner", "row_key", "at_ms")


@dataclass(slots=True)
class FeedbackListing:
    """What the store holds of feedback, looked at once from each hour on: many windows are read at one moment."""

    records: ObjectStore
    _since: int | None = field(default=None, init=False)
    _listings: list[HourListing] = field(default_factory=list, init=False)

    def since(self, hour: int) -> Iterator[HourListing]:
        if self._since is None:
            self._listings = listings(self.records, "feedback", known_hours(self.records, "feedback", hour))
            self._since = hour
        elif hour < self._since:
            self._listings[:0] = listings(self.records, "feedback", range(hour, self._since))
            self._since = hour
        return (listing for listing in self._listings if listing.hour >= hour)


@dataclass(slots=True)
class LabelJoin:
    """One reader's labels of a window, in the tables of its connection."""

    feedback: FeedbackListing
    cache: SegmentCache
    connection: duckdb.DuckDBPyConnection
    window: Window
    _loaded: IdBounds | None = field(default=None, init=False)
    _has_keys: bool = field(default=False, init=False)
    _has_repeats: bool = field(default=False, init=False)

    def beside(self, hour: HourFiles, columns: Sequence[str]) -> None:
        """Make the views `predictions`, with these columns, and `hour_labels`, with the labels of its rows."""
        if self._loaded is None:
            self._load(id_bounds(self.window))
        self._has_repeats = hour.has_idempotent
        hour.create_view(
            self.connection, list(dict.fromkeys(["prediction_id", *columns, *self._more_columns()]))
        )
        if self._has_repeats:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE repeats AS {_repeats(hour)}")
        self._load_up_to(_bounds(self.connection, "repeats" if self._has_repeats else None))
        ids = _bounds(self.connection)
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW hour_labels AS {self._of_hour(ids)}")

    def _load_up_to(self, needed: IdBounds) -> None:
        """Beyond the window lie repeated requests, and ids that don't carry their record's time."""
        for ids in (id_bounds(self.window, IDEMPOTENT_HOURS), ANY_ID):
            loaded = self._loaded or ANY_ID
            if needed[0] < loaded[0] or needed[1] > loaded[1]:
                self._load(ids)

    def _more_columns(self) -> tuple[str, ...]:
        return (*(_JOINED_BY if self._has_keys else ()), *(("idempotency",) if self._has_repeats else ()))

    def _of_hour(self, ids: IdBounds) -> str:
        found = [f"SELECT prediction_id, told, received_ms, conflict FROM labels WHERE {_within(ids)}"]
        if self._has_repeats:
            found.append(
                "SELECT counted AS prediction_id, told, received_ms, conflict "
                "FROM labels JOIN repeats ON prediction_id = given"
            )
        if self._has_keys:
            found.append(
                "SELECT p.prediction_id, k.told, k.told.received_ms AS received_ms, false AS conflict "
                "FROM predictions p JOIN key_labels k ON p.owner = k.owner AND p.row_key = k.row_key "
                "AND p.at_ms <= k.told.received_ms"
            )
        return _unpacked(found[0] if len(found) == 1 else _together(found))

    def _load(self, ids: IdBounds) -> None:
        """Labels by id in the order of ids, which is that of time; those by key as they were told."""
        self._create("feedback", f"prediction_id VARCHAR, told {_TOLD_TYPE}")
        self._create("key_labels", f"owner VARCHAR, row_key VARCHAR, told {_TOLD_TYPE}")
        for paths in self._feedback(ids):
            source = parquet(paths)
            self.connection.execute(
                f"INSERT INTO feedback SELECT prediction_id, {_TOLD} FROM {source} "
                f"WHERE {_within(ids)} AND NOT ({_within(BY_KEY)})"
            )
            self.connection.execute(
                f"INSERT INTO key_labels SELECT DISTINCT owner, substr(prediction_id, {len(KEY) + 1}), {_TOLD} "
                f"FROM {source} WHERE {_within(BY_KEY)}"
            )
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE labels AS SELECT prediction_id, max(told) AS told, "
            "min(told.received_ms) AS received_ms, min(told.actual) <> max(told.actual) AS conflict "
            "FROM feedback GROUP BY prediction_id ORDER BY prediction_id"
        )
        self.connection.execute("DROP TABLE feedback")
        self._has_keys = bool(self.connection.execute("SELECT 1 FROM key_labels LIMIT 1").fetchone())
        self._loaded = ids

    def _create(self, table: str, columns: str) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})")

    def _feedback(self, ids: IdBounds) -> Iterator[tuple[Path, ...]]:
        """From the window's first hour on: a label never comes before its prediction."""
        told = self.feedback.since(hours_of(self.window).start)
        keys = [key for listing in told for key in _may_hold(listing, ids)]
        for first in range(0, len(keys), SEGMENTS_AT_ONCE):
            yield self.cache.fetch(keys[first : first + SEGMENTS_AT_ONCE])


def id_bounds(window: Window, hours_after: int = 0) -> IdBounds:
    """The least and the greatest text that an id minted in the window can be: ids begin with their time."""
    return _id_floor(_ms(window.start)), _id_floor(_ms(window.end) + hours_after * HOUR_MS) + "~"


def _id_floor(unix_ms: int) -> str:
    """The first ten characters are 50 bits: 48 of Unix milliseconds and two that are 0 here."""
    number = unix_ms << 2
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[(number >> shift) & 31] for shift in range(45, -1, -5))


def _unpacked(labels: str) -> str:
    return (
        "SELECT prediction_id, told.actual AS actual, told.actual_number AS actual_number, received_ms, conflict "
        f"FROM ({labels})"
    )


def _repeats(hour: HourFiles) -> str:
    """Who sends a request again has often not seen the first answer: labels come under the ids of a later one."""
    return (
        "SELECT r.prediction_id AS given, p.prediction_id AS counted FROM predictions p "
        f"JOIN {parquet(hour.all_paths)} r ON p.idempotency = r.idempotency "
        "AND split_part(p.prediction_id, '-', 2) = split_part(r.prediction_id, '-', 2) "
        "WHERE p.prediction_id <> r.prediction_id"
    )


def _together(labels: Sequence[str]) -> str:
    return (
        "SELECT prediction_id, max(told) AS told, min(received_ms) AS received_ms, "
        "bool_or(conflict) OR min(told.actual) <> max(told.actual) AS conflict "
        f"FROM ({' UNION ALL '.join(labels)}) GROUP BY prediction_id"
    )


def _bounds(connection: duckdb.DuckDBPyConnection, repeats: str | None = None) -> IdBounds:
    more = f" UNION ALL SELECT given FROM {repeats}" if repeats else ""
    row = connection.execute(
        f"SELECT min(prediction_id), max(prediction_id) FROM (SELECT prediction_id FROM predictions{more})"
    ).fetchone()
    first, last = row or (None, None)
    return (first, last) if first is not None else ("~", "")


def _within(ids: IdBounds) -> str:
    return f"prediction_id BETWEEN {text(ids[0])} AND {text(ids[1])}"


def _may_hold(listing: HourListing, ids: IdBounds) -> list[str]:
    compacted = [
        segment.key
        for segment in listing.index.segments
        if any(segment.first_id <= last and segment.last_id >= first for first, last in (ids, BY_KEY))
    ]
    return [*compacted, *listing.raw]


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
