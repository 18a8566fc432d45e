"""Choosing golden rows among many: rows that the model answers with finite numbers, some with missing values."""

from collections.abc import Sequence
from typing import Any

from lifecycle.errors import ModelFailureError, ModelRefusedError
from lifecycle.golden import GoldenRows
from lifecycle.model import Model
from lifecycle.signature import Feature

MOST_ROWS = 50

Columns = dict[str, list[Any]]


def choose_golden(model: Model, columns: Columns) -> GoldenRows:
    """Up to 50 rows with the model's own answers. Raises ModelRefusedError when it answers none of them."""
    rows = _answerable(model, columns, MOST_ROWS)
    return GoldenRows(rows, count(rows), model.predict(rows, count(rows)).answers, "registration")


def count(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def take(columns: Columns, rows: Sequence[int]) -> Columns:
    return {name: [values[row] for row in rows] for name, values in columns.items()}


def _answerable(model: Model, columns: Columns, most: int) -> Columns:
    """Rows within the signature that the model answers with finite numbers, those with missing values first."""
    within = [row for row in range(count(columns)) if _fits(model, columns, row)]
    missing = [row for row in within if any(values[row] is None for values in columns.values())][: most // 2]
    whole = [row for row in within if row not in set(missing)]
    chosen = sorted([*missing, *spread(whole, most - len(missing))])
    answered = [row for row in chosen if _is_answered(model, take(columns, [row]))]
    if not answered:
        raise ModelRefusedError(
            "The model answers none of the rows that were tried.",
            fix="Give --sample data.csv with a few rows as the model was trained on.",
        )
    return take(columns, answered)


def spread(rows: Sequence[int], most: int) -> Sequence[int]:
    """At most so many, evenly spaced from first to last."""
    if len(rows) <= most:
        return rows
    return [rows[index * len(rows) // most] for index in range(most)]


def _fits(model: Model, columns: Columns, row: int) -> bool:
    return all(_allowed(feature, columns[feature.name][row]) for feature in model.signature.inputs)


def _allowed(feature: Feature, value: Any) -> bool:
    if value is None:
        return feature.nullable
    return feature.kind != "category" or feature.unknown == "accept" or value in feature.categories


def _is_answered(model: Model, columns: Columns) -> bool:
    try:
        return "not_finite" not in model.predict(columns, 1).flags[0]
    except ModelFailureError:
        return False
