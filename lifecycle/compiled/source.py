"""The first step of every branch: a request's columns → the features that the branch takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.compiled.shapes import (
    Array,
    AsNumbers,
    AsValues,
    Chain,
    Column,
    Origin,
    Shape,
    Step,
    UnplannableError,
)
from lifecycle.signature import Feature, Signature

Columns = Mapping[str, Sequence[Any]]

_NUMERIC = frozenset({"number", "integer", "boolean"})
_CATEGORICAL = "category"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numeric features as one array; None becomes NaN. `narrow` are those fitted in fewer bits than the array has.

    A DataFrame lies in memory column by column, a matrix row by row: BLAS sums the two in different orders.
    """

    names: tuple[str, ...]
    dtype: Any
    narrow: tuple[tuple[int, Any], ...]
    by_row: bool
    shape: Shape

    def __call__(self, columns: Columns) -> Array:
        block = np.array([columns[name] for name in self.names], dtype=self.dtype).T
        for index, dtype in self.narrow:
            block[:, index] = block[:, index].astype(dtype)
        return np.ascontiguousarray(block) if self.by_row else block


@dataclass(frozen=True, slots=True)
class Values:
    """Features of any kind as plain values. A pandas category that is not in `known` was missing to the model."""

    names: tuple[str, ...]
    known: tuple[tuple[int, frozenset[Any]], ...]
    shape: Shape

    def __call__(self, columns: Columns) -> list[Sequence[Any]]:
        block = [columns[name] for name in self.names]
        for index, known in self.known:
            block[index] = [value if value in known else None for value in block[index]]
        return block


@dataclass(frozen=True, slots=True)
class Texts:
    name: str
    shape: Shape

    def __call__(self, columns: Columns) -> Sequence[Any]:
        return columns[self.name]


def source_of(signature: Signature) -> Shape | Step:
    """What comes in; a column of texts is taken out at once. Raises UnplannableError for what needs a DataFrame."""
    for feature in signature.inputs:
        if feature.kind == "datetime":
            raise UnplannableError(feature.name, "dates are computed on by pandas.")
    if signature.layout == "texts":
        return Texts(signature.inputs[0].name, Shape("texts", (Column(),)))
    columns = tuple(map(_column, signature.inputs))
    return Shape("columns", columns, features=signature.inputs, by_row=signature.layout == "matrix")


def select(shape: Shape, indices: Sequence[int], want: str) -> Step:
    """The features at `indices` as "numbers", "values" or "texts"; "any" is numbers where all of them are numeric."""
    features = [shape.features[index] for index in indices]
    columns = tuple(shape.columns[index] for index in indices)
    if want == "texts":
        return Texts(features[0].name, Shape("texts", columns))
    numeric = all(feature.kind in _NUMERIC for feature in features)
    if want == "values" or (want == "any" and not numeric):
        known = tuple(
            (index, frozenset(feature.categories))
            for index, feature in enumerate(features)
            if feature.dtype == _CATEGORICAL
        )
        return Values(tuple(feature.name for feature in features), known, Shape("values", columns))
    if not numeric:
        other = next(feature for feature in features if feature.kind not in _NUMERIC)
        raise UnplannableError(other.name, f"a {other.kind} where numbers are computed with.")
    return _numbers(features, columns, by_row=shape.by_row)


def coerced(step: Step, want: str) -> Step:
    """The step itself, or with a turn from numbers to values or back behind it."""
    kind = step.shape.kind
    if want in {"any", kind}:
        return step
    if (kind, want) == ("values", "numbers"):
        turned = step.shape.numbers(step.shape.columns)
        return Chain((step, AsNumbers(turned)), turned)
    if (kind, want) == ("numbers", "values") and step.shape.form == "dense":
        shape = Shape("values", step.shape.columns)
        return Chain((step, AsValues(shape)), shape)
    raise UnplannableError(type(step).__name__, f"gives {kind} where {want} are needed.")


def _column(feature: Feature) -> Column:
    none = feature.missing == "none" or feature.dtype[:1].isupper()
    return Column("none" if none else "nan", Origin(feature.name))


def _numbers(features: Sequence[Feature], columns: tuple[Column, ...], *, by_row: bool) -> Numbers:
    dtypes = [_dtype(feature) for feature in features]
    common = np.result_type(*dtypes) if dtypes else np.dtype(np.float64)
    if common.kind != "f":
        common = np.dtype(np.float64)
    narrow = tuple(
        (index, dtype) for index, dtype in enumerate(dtypes) if dtype.kind == "f" and dtype != common
    )
    names = tuple(feature.name for feature in features)
    return Numbers(names, common, narrow, by_row, Shape("numbers", columns))


def _dtype(feature: Feature) -> np.dtype[Any]:
    """Pandas' own nullable types are computed with as float64."""
    try:
        return np.dtype(feature.dtype)
    except TypeError:
        return np.dtype(np.float64)
