"""True values from a CSV or Parquet file, in batches: `prediction_id` or `key`, `actual`, and maybe `observed_at`.

Where the model has several outputs there is one column for each of them: `actual:<output>`.
"""
# ruff: noqa: S608 - every name in these statements goes through `quoted` or `text`

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import duckdb

from lifecycle.errors import PicklefleetError
from lifecycle.prediction_log.duck import connect, quoted, text

On = Literal["prediction_id", "key"]

BATCH_ROWS = 10_000
OBSERVED = "observed_at"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns a file must have: the reference's, and the value's by output name."""

    on: On
    actual: Mapping[str, str]

    @classmethod
    def of(cls, on: On, outputs: Sequence[str]) -> "Columns":
        several = len(outputs) > 1
        return cls(on, {name: f"actual:{name}" if several else "actual" for name in outputs})

    def missing(self, found: Sequence[str]) -> list[str]:
        return [name for name in (self.on, *self.actual.values()) if name not in found]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """`number` is the line of a CSV file, or the row of a Parquet file from 1. What is empty is None."""

    number: int
    reference: Any
    actual: Mapping[str, Any]
    observed: Any


@dataclass(frozen=True, slots=True)
class Batch:
    """`read`: the share of the file that has been read, 0 to 1. `typed`: values have types, they are no texts."""

    rows: tuple[LabelRow, ...]
    read: float
    typed: bool


def read_labels(path: Path, columns: Columns) -> Iterator[Batch]:
    """Raises PicklefleetError for a file that is neither, or lacks a column."""
    read = {".csv": _read_csv, ".parquet": _read_parquet}.get(path.suffix.lower())
    if read is None:
        raise PicklefleetError(
            f"{path.name} is neither .csv nor .parquet.", fix="Write the labels as one of them."
        )
    try:
        yield from read(path, columns)
    except (OSError, UnicodeDecodeError, csv.Error, duckdb.Error) as problem:
        raise PicklefleetError(
            f"{path.name} can't be read ({type(problem).__name__}).",
            fix="A CSV file must be UTF-8 with commas and a header line.",
        ) from problem


def _read_csv(path: Path, columns: Columns) -> Iterator[Batch]:
    size = max(1, path.stat().st_size)
    with path.open("rb") as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        _check(path, columns, reader.fieldnames or ())
        rows = (_csv_row(reader.line_num, row, columns) for row in reader)
        while batch := tuple(islice(rows, BATCH_ROWS)):
            yield Batch(batch, raw.tell() / size, typed=False)


def _csv_row(number: int, row: Mapping[str, str | None], columns: Columns) -> LabelRow:
    actual = {name: row[column] or None for name, column in columns.actual.items()}
    return LabelRow(number, row[columns.on] or None, actual, row.get(OBSERVED) or None)


def _read_parquet(path: Path, columns: Columns) -> Iterator[Batch]:
    source = f"read_parquet({text(str(path))})"
    with tempfile.TemporaryDirectory() as scratch, connect(Path(scratch)) as connection:
        types = dict(
            connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {source})").fetchall()
        )
        _check(path, columns, tuple(types))
        total = max(1, (connection.execute(f"SELECT count(*) FROM {source}").fetchone() or (0,))[0])
        names = [columns.on, *columns.actual.values(), *([OBSERVED] if OBSERVED in types else [])]
        wanted = ", ".join(_selected(name, types[name]) for name in names)
        connection.execute(f"SELECT {wanted} FROM {source}")
        number = 0
        while found := connection.fetchmany(BATCH_ROWS):
            yield Batch(
                tuple(_parquet_rows(found, number, columns)), (number + len(found)) / total, typed=True
            )
            number += len(found)


def _parquet_rows(found: Sequence[Sequence[Any]], before: int, columns: Columns) -> Iterator[LabelRow]:
    outputs = len(columns.actual)
    for number, (reference, *values) in enumerate(found, before + 1):
        actual = dict(zip(columns.actual, values[:outputs], strict=True))
        yield LabelRow(number, reference, actual, values[outputs] if len(values) > outputs else None)


def _selected(name: str, kind: str) -> str:
    """Times as Unix milliseconds and decimals as floats, so that plain values come out."""
    if name == OBSERVED and kind.startswith(("TIMESTAMP", "DATE")):
        return f"epoch_ms({quoted(name)})"
    return f"CAST({quoted(name)} AS DOUBLE)" if kind.startswith("DECIMAL") else quoted(name)


def _check(path: Path, columns: Columns, found: Sequence[str]) -> None:
    missing = columns.missing(found)
    if missing:
        other = "key" if columns.on == "prediction_id" else "prediction_id"
        hint = f" To join by {other}: --on {other}." if other in found and columns.on in missing else ""
        raise PicklefleetError(
            f"{path.name} has no column {' and no column '.join(missing)}.",
            fix=f"It has: {', '.join(found) or 'none'}.{hint}",
        )
