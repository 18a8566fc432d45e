"""Reading the fitted object: which columns go in, and what each of its steps knows about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from intake.clues import (
    ENCODERS,
    SCALERS,
    Clue,
    encoder_clues,
    imputed_onward,
    imputer_clues,
    merge,
    scaler_clues,
)
from intake.composition import ROWS_AS_DICTIONARIES, VECTORISERS, inside
from lifecycle.errors import ModelRefusedError

Columns = Sequence[int | None]  # positions in the model's input; None is a column that a step made


@dataclass(frozen=True, slots=True)
class Reading:
    """Clues by input position, and the columns as they leave the step; None when they can't be followed."""

    clues: dict[int, Clue]
    onward: Columns | None = None


def read_clues(estimator: Any, width: int) -> list[Clue]:
    """One clue for each of the model's input columns, in its own order."""
    clues = read(estimator, range(width)).clues
    return [clues.get(position, Clue()) for position in range(width)]


def read(step: Any, columns: Columns) -> Reading:
    if step is None or isinstance(step, str):
        return _read_word(step, columns)
    if isinstance(step, Pipeline):
        return _read_pipeline([part for _, part in step.steps], columns)
    if isinstance(step, ColumnTransformer):
        return _read_branches(step, columns)
    if isinstance(step, FeatureUnion):
        return Reading(_added(read(part, columns).clues for _, part in step.transformer_list))
    if parts := inside(step):
        return Reading(_added(read(part, columns).clues for part in parts))
    return _read_single(step, columns)


def _read_word(step: str | None, columns: Columns) -> Reading:
    if step == "drop":
        return _told([Clue(used=False)] * len(columns), columns, onward=())
    return _told([Clue(source="passthrough")] * len(columns), columns, onward=columns)


def _read_pipeline(steps: Iterable[Any], columns: Columns) -> Reading:
    found: dict[int, Clue] = {}
    onward: Columns | None = columns
    for step in steps:
        if onward is None:
            break
        reading = read(step, onward)
        found = _added([found, reading.clues])
        onward = reading.onward
    return Reading(found, onward)


def _read_branches(transformer: ColumnTransformer, columns: Columns) -> Reading:
    """Columns chosen by name, index, slice, mask or callable were resolved to indices when it was fitted."""
    indices = transformer._transformer_to_input_indices  # noqa: SLF001 - the only place where a callable's choice is kept
    readings = [
        read(step, [columns[index] for index in indices.get(name, ())])
        for name, step, _ in transformer.transformers_
    ]
    onward: list[int | None] | None = []
    for reading in readings:
        onward = None if onward is None or reading.onward is None else [*onward, *reading.onward]
    return Reading(_added(reading.clues for reading in readings), onward)


def _read_single(step: Any, columns: Columns) -> Reading:
    if isinstance(step, ROWS_AS_DICTIONARIES):
        raise ModelRefusedError(
            f"The model begins with {type(step).__name__}, whose rows have no fixed columns.",
            fix="Train it on a DataFrame with a ColumnTransformer and a OneHotEncoder instead.",
        )
    if isinstance(step, VECTORISERS):
        return _told([Clue("text", source="vectoriser")] * len(columns), columns, onward=None)
    if isinstance(step, ENCODERS):
        return _told(encoder_clues(step), columns, onward=None)
    if isinstance(step, SimpleImputer):
        return _told(imputer_clues(step), columns, onward=imputed_onward(step, columns))
    if isinstance(step, SCALERS):
        return _told(scaler_clues(step, len(columns)), columns, onward=columns)
    if isinstance(step, FunctionTransformer):
        return _read_function(step, columns)
    if (preprocessor := getattr(step, "_preprocessor", None)) is not None:  # histogram gradient boosting
        return read(preprocessor, columns)
    own = type(step).__module__.startswith("sklearn.")
    return _told([Clue("number", source="estimator") if own else Clue()] * len(columns), columns, onward=None)


def _read_function(step: FunctionTransformer, columns: Columns) -> Reading:
    if step.func is None:
        return _read_word("passthrough", columns)
    numeric = isinstance(step.func, np.ufunc) or _is_number_check(step.func)
    clue = Clue("number", source="function") if numeric else Clue()
    return _told([clue] * len(columns), columns, onward=columns if numeric else None)


def _is_number_check(function: Any) -> bool:
    """The conversion to floats that histogram gradient boosting puts before its numbers."""
    return getattr(getattr(function, "func", None), "__module__", "").startswith("sklearn.")


def _told(clues: Sequence[Clue], columns: Columns, *, onward: Columns | None) -> Reading:
    pairs = zip(columns, clues, strict=True)
    return Reading({column: clue for column, clue in pairs if column is not None}, onward)


def _added(readings: Iterable[dict[int, Clue]]) -> dict[int, Clue]:
    total: dict[int, Clue] = {}
    for clues in readings:
        for column, clue in clues.items():
            total[column] = merge(total.get(column), clue)
    return total
