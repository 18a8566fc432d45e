"""A sample's rows in the signature's terms: which columns, and every cell that does not fit."""

import difflib
from collections.abc import Sequence
from typing import Any

import pandas as pd

from intake.cells import FaultyCellError, parse
from lifecycle.errors import PicklefleetError
from lifecycle.signature import Feature

MAKER_COLUMNS = ("expected_label", "expected_value", "expected_probability:")
_SHOWN = 10


def columns_of(sample: pd.DataFrame, features: Sequence[Feature]) -> dict[str, list[Any]]:
    """Plain values by feature, None where missing. Raises PicklefleetError naming the first faulty cells."""
    require_columns(sample, [feature.name for feature in features])
    columns: dict[str, list[Any]] = {}
    faults: list[str] = []
    for feature in features:
        columns[feature.name] = values = []
        for row, cell in enumerate(sample[feature.name].tolist(), start=1):
            try:
                values.append(parse(cell, feature))
            except FaultyCellError as wanted:
                faults.append(f"row {row}, column {feature.name!r}: not {wanted}")
    if faults:
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise PicklefleetError(
            f"The sample does not fit the model: {'; '.join(faults[:_SHOWN])}{more}.",
            fix='Leave a field empty where the value is missing; "NA" and "nan" are texts.',
        )
    return columns


def require_columns(sample: pd.DataFrame, names: Sequence[str]) -> None:
    """Raises PicklefleetError with the columns that the model needs and the sample has not."""
    present = list(map(str, sample.columns))
    absent = [name for name in names if name not in present]
    if not absent:
        return
    listed = ", ".join(_with_likely(name, present) for name in absent[:_SHOWN])
    more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
    raise PicklefleetError(
        f"The sample has no column {listed}{more}; the model takes {_listed(names)}.",
        fix="Give the rows as the model was trained on them, before any preprocessing of its own.",
    )


def names_from_sample(sample: pd.DataFrame, width: int | None) -> tuple[str, ...]:
    """Names for a model that knows none: the sample's columns, in order, as many as the model takes."""
    names = tuple(str(name) for name in sample.columns if not str(name).startswith(MAKER_COLUMNS))
    if width is not None and len(names) != width:
        raise PicklefleetError(
            f"The model takes {width} columns and knows no names; the sample has {len(names)}: {_listed(names)}.",
            fix="Give a sample with exactly the model's columns, in the order of training.",
        )
    return names


def _with_likely(name: str, present: Sequence[str]) -> str:
    likely = difflib.get_close_matches(name, present, n=1)
    return f"{name!r} (it has {likely[0]!r})" if likely else repr(name)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
