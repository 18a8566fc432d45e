"""The base set: the labelled reference in the columns of the log, so that retraining may join the two."""
# ruff: noqa: S608 - names in these statements are this file's own, or go through `quoted`

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from lifecycle.bundle import BaseSet, sha256_of
from lifecycle.prediction_log.duck import connect, quoted, text
from lifecycle.prediction_log.record_schema import input_columns, prediction_schema
from lifecycle.prediction_log.records import actual_text
from lifecycle.reference.labelled import LabelledReference
from lifecycle.reference.recorded import plain_values, true_values
from lifecycle.signature import Signature

_BESIDE = {"actual": "VARCHAR", "actual_number": "DOUBLE", "at_ms": "BIGINT", "fold": "VARCHAR"}


def write_base_set(reference: LabelledReference, signature: Signature, path: Path) -> BaseSet:
    """Inputs by their columns in the log, then `actual`, `actual_number`, `at_ms` and `fold`."""
    types = {column.name: column.type for column in prediction_schema(signature).columns} | _BESIDE
    columns = dict(_columns(reference, signature))
    table = pd.DataFrame({name: list(map(_text, values)) for name, values in columns.items()}, dtype=object)
    chosen = ", ".join(f"CAST({quoted(name)} AS {types[name]}) AS {quoted(name)}" for name in columns)
    with connect(path.parent) as connection:
        connection.register("reference", table)
        connection.execute(
            f"COPY (SELECT {chosen} FROM reference) TO {text(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        )
    return BaseSet(sha256_of(path), reference.rows)


def read_base_set(path: Path, signature: Signature) -> LabelledReference:
    """What `write_base_set` wrote, row by row."""
    inputs = input_columns(signature)
    names = [*inputs.values(), *_BESIDE]
    with connect(path.parent) as connection:
        rows = connection.execute(
            f"SELECT {', '.join(map(quoted, names))} FROM read_parquet({text(str(path))})"
        ).fetchall()
    read = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    features = {feature.name: feature for feature in signature.inputs}
    return LabelledReference(
        {name: plain_values(features[name], read[column]) for name, column in inputs.items()},
        true_values(signature, read["actual"], read["actual_number"]),
        len(rows),
        None if None in read["at_ms"] else list(read["at_ms"]),
        list(read["fold"]) if any(read["fold"]) else None,
    )


def _columns(reference: LabelledReference, signature: Signature) -> Iterator[tuple[str, list[Any]]]:
    for name, column in input_columns(signature).items():
        yield column, reference.columns[name]
    yield "actual", [_actual(values, signature) for values in zip(*reference.truths, strict=True)]
    yield "actual_number", [_number(values) for values in zip(*reference.truths, strict=True)]
    yield "at_ms", reference.moments or [None] * reference.rows
    yield "fold", reference.fold or [None] * reference.rows


def _actual(values: tuple[Any, ...], signature: Signature) -> str | None:
    """As feedback holds it: several outputs are one object by their names."""
    if any(value is None for value in values):
        return None
    if len(values) == 1:
        return actual_text(values[0])
    by_name = dict(zip((output.name for output in signature.outputs), values, strict=True))
    return orjson.dumps(by_name).decode()


def _number(values: tuple[Any, ...]) -> float | None:
    value = values[0] if len(values) == 1 else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    """DuckDB casts it back: every column comes as text, so that nothing is guessed from its first rows."""
    return None if value is None else str(value)
