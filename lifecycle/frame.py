"""Columns of plain Python values → the DataFrame, matrix or texts that the estimator was fitted on."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lifecycle.signature import Feature, Signature

Columns = Mapping[str, Sequence[Any]]

_NUMERIC_KINDS = frozenset({"number", "integer", "boolean"})


def estimator_input(signature: Signature, columns: Columns) -> Any:
    """What the estimator's methods take, for columns of n values each; None stands for a missing value."""
    if signature.layout == "texts":
        return list(columns[signature.inputs[0].name])
    if signature.layout == "matrix":
        return _matrix(signature, columns)
    return pd.DataFrame(
        {feature.name: _series(feature, columns[feature.name]) for feature in signature.inputs}
    )


def _matrix(signature: Signature, columns: Columns) -> npt.NDArray[Any]:
    numeric = all(feature.kind in _NUMERIC_KINDS for feature in signature.inputs)
    dtype = np.float64 if numeric else object
    arrays = [
        np.asarray(_filled(feature, columns[feature.name]), dtype=dtype) for feature in signature.inputs
    ]
    return np.column_stack(arrays)


def _series(feature: Feature, values: Sequence[Any]) -> "pd.Series[Any]":
    filled = _filled(feature, values)
    if feature.kind == "datetime":
        return _moments(feature, filled)
    column: pd.Series[Any] = pd.Series(filled, dtype=_dtype_for(feature, values))
    return column


def _moments(feature: Feature, values: Sequence[Any]) -> "pd.Series[Any]":
    moments = pd.DatetimeIndex([_utc(value) for value in values], tz=UTC)
    zoned = "," in feature.dtype
    dtype: Any = feature.dtype
    column: pd.Series[Any] = pd.Series(moments if zoned else moments.tz_localize(None)).astype(dtype)
    return column


def _dtype_for(feature: Feature, values: Sequence[Any]) -> Any:
    """The fitted dtype, widened to float64 where a numpy integer or boolean column has a missing value."""
    if feature.kind in {"category", "text"} and feature.dtype != "category":
        return object
    has_missing = any(value is None for value in values)
    if has_missing and feature.dtype.startswith(("int", "uint")):
        return "float64"
    if has_missing and feature.dtype == "bool":
        return object
    if feature.dtype == "category":
        return pd.CategoricalDtype(list(feature.categories))
    return feature.dtype


def _filled(feature: Feature, values: Sequence[Any]) -> list[Any]:
    missing = None if feature.missing == "none" else math.nan
    if feature.dtype[:1].isupper():  # pandas' own nullable dtypes know None
        missing = None
    return [missing if value is None else value for value in values]


def _utc(value: Any) -> datetime | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
