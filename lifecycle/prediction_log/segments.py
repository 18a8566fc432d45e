"""Spools → Parquet segments: one column a feature, so that a scan of two columns reads two columns.

A segment holds one hour. Versions of different signatures lie in different segments; a reader unites them by
column name, and a version that has no such feature has NULL there.
"""

# ruff: noqa: S608 - names in these statements are this file's own, or go through `quoted`

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb

from lifecycle.prediction_log.drop_counts import HOUR_MS
from lifecycle.prediction_log.duck import connect, quoted, text
from lifecycle.prediction_log.record_schema import Column, Kind, RecordSchema

SEGMENT_FORMAT = 1
_SMALLEST_BUFFER = 1 << 20

# an event's members and their types; the columns of the signature come beside them
_PREDICTION_EVENT = {
    "id": "VARCHAR",
    "rows": "INTEGER",
    "request_id": "VARCHAR",
    "at_ms": "BIGINT",
    "version": "VARCHAR",
    "arm": "VARCHAR",
    "owner": "VARCHAR",
    "unit_id": "VARCHAR",
    "latency_us": "BIGINT",
    "source": "VARCHAR",
    "idempotency": "VARCHAR",
    "row_keys": "VARCHAR[]",
    "flags": "VARCHAR[][]",
}
_BY_REQUEST = (
    "request_id",
    "at_ms",
    "version",
    "arm",
    "owner",
    "unit_id",
    "latency_us",
    "source",
    "idempotency",
)
_FEEDBACK_EVENT = {
    "prediction_ids": "VARCHAR[]",
    "actuals": "VARCHAR[]",
    "numbers": "DOUBLE[]",
    "observed_ms": "BIGINT[]",
    "received_ms": "BIGINT",
    "owner": "VARCHAR",
    "source": "VARCHAR",
}
_TIME: dict[Kind, str] = {"prediction": "at_ms", "feedback": "received_ms"}
_ORDER: dict[Kind, str] = {"prediction": "at_ms, prediction_id", "feedback": "prediction_id, received_ms"}


@dataclass(frozen=True, slots=True)
class LocalSegment:
    """One hour's rows of one plan, as a file here. `hour` is Unix time in whole hours."""

    hour: int
    path: Path


@dataclass(frozen=True, slots=True)
class Written:
    """`unreadable`: events without an id, a time or a number of rows that could be read; nothing of them is kept.

    A single value that does not fit its column's type is NULL.
    """

    segments: tuple[LocalSegment, ...]
    unreadable: int


def segment_key(kind: Kind, hour: int, name: str) -> str:
    return f"{hour_folder(kind, hour)}/{name}.parquet"


def hour_folder(kind: Kind | Literal["drops"], hour: int) -> str:
    moment = datetime.fromtimestamp(hour * HOUR_MS / 1000, UTC)
    return f"kind={kind}/date={moment:%Y-%m-%d}/hour={moment:%H}"


def write_segments(events: Path, schema: RecordSchema, folder: Path, *, longest: int) -> Written:
    """`events` has one event a line, of `longest` bytes at most; the same lines always give the same rows."""
    buffer = max(longest + 1024, _SMALLEST_BUFFER)
    with connect(folder, memory=f"{512 + 8 * (buffer >> 20)}MB") as connection:
        read, rows = _event_source(events, schema, buffer), _row_query(schema)
        connection.execute(f"CREATE TEMP TABLE events AS {read}")
        unreadable = _count(connection, f"SELECT count(*) FROM events WHERE {_lost(schema.kind)}")
        connection.execute(f"DELETE FROM events WHERE {_lost(schema.kind)}")
        time = _TIME[schema.kind]
        hours = connection.execute(
            f"SELECT DISTINCT {time} // {HOUR_MS} AS h FROM events ORDER BY h"
        ).fetchall()
        written = []
        for (hour,) in hours:
            path = folder / f"{hour}.parquet"
            query = f"{rows} WHERE {time} // {HOUR_MS} = {hour}"
            copy_to_parquet(connection, query, _ORDER[schema.kind], path)
            written.append(LocalSegment(hour, path))
    return Written(tuple(written), unreadable)


def copy_to_parquet(connection: duckdb.DuckDBPyConnection, query: str, order: str, path: Path) -> None:
    connection.execute(
        f"COPY (SELECT * FROM ({query}) ORDER BY {order}) TO {text(str(path))} "
        f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{picklefleet_format: '{SEGMENT_FORMAT}'}})"
    )


def order_of(kind: Kind) -> str:
    return _ORDER[kind]


def _lost(kind: Kind) -> str:
    needed = ("id", "rows", "at_ms") if kind == "prediction" else ("prediction_ids", "actuals", "received_ms")
    return " OR ".join(f"{name} IS NULL" for name in needed)


def _event_source(events: Path, schema: RecordSchema, buffer: int) -> str:
    members = dict(_PREDICTION_EVENT if schema.kind == "prediction" else _FEEDBACK_EVENT)
    for column in schema.columns:
        members[column.part] = _part_type(column)
    types = ", ".join(f"{quoted(name)}: {text(kind)}" for name, kind in members.items())
    return (
        f"SELECT * FROM read_json({text(str(events))}, format = 'newline_delimited', columns = {{{types}}}, "
        f"ignore_errors = true, maximum_object_size = {buffer})"
    )


def _part_type(column: Column) -> str:
    return f"{column.type}[]" if column.position is None else f"{column.type}[][]"


def _row_query(schema: RecordSchema) -> str:
    if schema.kind == "feedback":
        return (
            "SELECT unnest(prediction_ids) AS prediction_id, unnest(actuals) AS actual, "
            "unnest(numbers) AS actual_number, unnest(observed_ms) AS observed_ms, "
            "received_ms, owner, source FROM events"
        )
    parts = dict.fromkeys(column.part for column in schema.columns)
    lists = "".join(f", unnest({quoted(part)}) AS {quoted(part)}" for part in parts)
    flat = (
        f"SELECT id, {', '.join(_BY_REQUEST)}, unnest(range(rows)) AS row, unnest(row_keys) AS row_key, "
        f"unnest(flags) AS flags{lists} FROM events"
    )
    chosen = "".join(f", {picked}" for picked in _picked(schema.columns))
    return f"SELECT id || '-' || row AS prediction_id, row_key, {', '.join(_BY_REQUEST)}, flags{chosen} FROM ({flat})"


def _picked(columns: Iterable[Column]) -> Iterator[str]:
    for column in columns:
        value = (
            quoted(column.part) if column.position is None else f"{quoted(column.part)}[{column.position}]"
        )
        yield f"{value} AS {quoted(column.name)}"


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
