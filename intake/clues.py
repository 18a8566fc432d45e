"""What one fitted step tells about its input columns, and how clues along a pipeline add up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from lifecycle.model import plain_label
from lifecycle.signature import Kind, Label, Missing

ENCODERS = (OneHotEncoder, OrdinalEncoder, TargetEncoder)
SCALERS = (
    StandardScaler,
    MinMaxScaler,
    MaxAbsScaler,
    RobustScaler,
    Normalizer,
    PowerTransformer,
    QuantileTransformer,
)
ENCODER = "encoder categories"
_CENTRES = ("mean_", "center_", "data_min_")


@dataclass(frozen=True, slots=True)
class Clue:
    """What is known of one column. `kind` None: it goes into code that can't be read.

    `typical` is a plausible number; `used` is False for a column that a ColumnTransformer drops.
    """

    kind: Kind | None = None
    categories: tuple[Label, ...] = ()
    missing: Missing | None = None
    typical: float | None = None
    source: str = "assumed"
    used: bool = True


def merge(earlier: Clue | None, later: Clue) -> Clue:
    """The first step decides what missing looks like; the one that knows categories decides the kind."""
    if earlier is None or not earlier.used:
        return later
    if not later.used:
        return earlier
    decisive = later if earlier.kind is None or later.source == ENCODER else earlier
    return replace(
        decisive,
        missing=earlier.missing or later.missing,
        typical=later.typical if earlier.typical is None else earlier.typical,
    )


def encoder_clues(encoder: Any) -> list[Clue]:
    return [_category_clue(known) for known in encoder.categories_]


def _category_clue(known: Any) -> Clue:
    missing: Missing | None = None
    labels: list[Label] = []
    for value in known.tolist():
        if value is None:
            missing = "none"
        elif isinstance(value, float) and np.isnan(value):
            missing = missing or "nan"
        else:
            labels.append(plain_label(value))
    kind: Kind = "boolean" if labels and all(isinstance(label, bool) for label in labels) else "category"
    return Clue(kind, () if kind == "boolean" else tuple(labels), missing, source=ENCODER)


def imputer_clues(imputer: SimpleImputer) -> list[Clue]:
    """A median is a number; what fills texts stands before categories."""
    missing = _missing_marker(imputer.missing_values)
    if imputer.statistics_.dtype.kind == "O":
        return [Clue("category", missing=missing, source="imputer") for _ in imputer.statistics_]
    return [
        Clue("number", missing=missing, typical=_finite(filled), source="imputer")
        for filled in imputer.statistics_
    ]


def imputed_onward(imputer: SimpleImputer, columns: Sequence[int | None]) -> tuple[int | None, ...]:
    """Columns that were all missing are dropped; indicator columns are appended."""
    numeric = imputer.statistics_.dtype.kind != "O"
    empty = [
        numeric and _finite(filled) is None and not imputer.keep_empty_features
        for filled in imputer.statistics_
    ]
    kept = [column for column, dropped in zip(columns, empty, strict=True) if not dropped]
    indicators = 0 if imputer.indicator_ is None else len(imputer.indicator_.features_)
    return (*kept, *[None] * indicators)


def scaler_clues(scaler: Any, count: int) -> list[Clue]:
    centre = next((found for name in _CENTRES if (found := getattr(scaler, name, None)) is not None), None)
    typicals = [None] * count if centre is None else [_finite(value) for value in centre]
    return [Clue("number", typical=typical, source="scaler") for typical in typicals]


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _missing_marker(value: Any) -> Missing | None:
    if value is None:
        return "none"
    return "nan" if value is pd.NA or (isinstance(value, float) and np.isnan(value)) else None
