"""Steps on arrays of numbers, with the very operations that scikit-learn does, in its order and precision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lifecycle.compiled.shapes import Array, Column, Origin, Shape, Step, UnplannableError, is_nan

Operation = tuple[Callable[..., Array], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic:
    """One operation after another with a number a column; results keep the precision of what came in."""

    operations: tuple[Operation, ...]
    clip: tuple[float, float] | None
    shape: Shape

    def __call__(self, block: Array) -> Array:
        out = np.empty_like(block)
        for operation, numbers in self.operations:
            operation(block, numbers, out=out, casting="same_kind")
            block = out
        if self.clip is not None:
            np.clip(block, *self.clip, out=out)
        return block


@dataclass(frozen=True, slots=True, eq=False)
class FillNumbers:
    """SimpleImputer on numbers; `kept` are the columns that have a statistic, `told` those with an indicator."""

    missing: float
    fill: Array
    kept: Array | None
    told: Array | None
    shape: Shape

    def __call__(self, block: Array) -> Array:
        mask = np.isnan(block)
        if not is_nan(self.missing):
            if mask.any():
                raise ValueError("NaN where another number stands for a missing value.")
            mask = block == self.missing
        shown, hidden = (block, mask) if self.kept is None else (block[:, self.kept], mask[:, self.kept])
        filled = np.where(hidden, self.fill, shown).astype(block.dtype, copy=False)
        return filled if self.told is None else np.hstack([filled, mask[:, self.told]])


@dataclass(frozen=True, slots=True, eq=False)
class TellMissing:
    """MissingIndicator; with `refuse_new`, a value missing where none was when it was fitted is an error."""

    told: Array
    refuse_new: bool
    shape: Shape

    def __call__(self, block: Array) -> Array:
        mask = np.isnan(block)
        told: Array = mask[:, self.told]
        if self.refuse_new and np.count_nonzero(mask) > np.count_nonzero(told):
            raise ValueError("A value is missing in a column that had none when the model was fitted.")
        return told.astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Pick:
    """Some of the columns."""

    columns: Array
    shape: Shape

    def __call__(self, block: Array) -> Array:
        picked: Array = block[:, self.columns]
        return picked


@dataclass(frozen=True, slots=True, eq=False)
class Elementwise:
    """A numpy function of each number for itself."""

    function: Callable[[Array], Array]
    shape: Shape

    def __call__(self, block: Array) -> Array:
        return self.function(block)


@dataclass(frozen=True, slots=True, eq=False)
class Above:
    """Binarizer."""

    threshold: float
    shape: Shape

    def __call__(self, block: Array) -> Array:
        if np.isnan(block).any():
            raise ValueError("A value is missing where numbers are compared.")
        return (block > self.threshold).astype(block.dtype)


def standard_scaler(scaler: Any, shape: Shape) -> Step:
    operations: list[Operation] = []
    if scaler.with_mean:
        operations.append((np.subtract, np.asarray(scaler.mean_)))
    if scaler.with_std:
        operations.append((np.divide, np.asarray(scaler.scale_)))
    return _arithmetic(operations, shape, scaler.scale_, scaler.mean_ if scaler.with_mean else None)


def robust_scaler(scaler: Any, shape: Shape) -> Step:
    operations: list[Operation] = []
    if scaler.with_centering:
        operations.append((np.subtract, np.asarray(scaler.center_)))
    if scaler.with_scaling:
        operations.append((np.divide, np.asarray(scaler.scale_)))
    scale = scaler.scale_ if scaler.with_scaling else None
    return _arithmetic(operations, shape, scale, scaler.center_ if scaler.with_centering else None)


def max_abs_scaler(scaler: Any, shape: Shape) -> Step:
    if getattr(scaler, "clip", False):
        raise UnplannableError("MaxAbsScaler", "it clips.")
    return _arithmetic([(np.divide, np.asarray(scaler.scale_))], shape, scaler.scale_, None)


def min_max_scaler(scaler: Any, shape: Shape) -> Step:
    operations = [(np.multiply, np.asarray(scaler.scale_)), (np.add, np.asarray(scaler.min_))]
    scale = 1 / np.asarray(scaler.scale_)
    step = _arithmetic(operations, shape, scale, -np.asarray(scaler.min_) * scale)
    low, high = scaler.feature_range
    return replace(step, clip=(low, high)) if scaler.clip else step


def simple_imputer(imputer: Any, shape: Shape) -> Step:
    """Numbers only. Raises UnplannableError where what is missing is no number."""
    if not isinstance(imputer.missing_values, int | float):
        raise UnplannableError("SimpleImputer", "what stands for a missing value is no number.")
    fill = np.asarray(imputer.statistics_, dtype=np.float64)
    kept = None
    columns = shape.columns
    if not imputer.keep_empty_features and np.isnan(fill).any():
        kept = np.flatnonzero(~np.isnan(fill))
        fill = fill[kept]
        columns = tuple(columns[index] for index in kept)
    told = imputer.indicator_.features_ if imputer.add_indicator else None
    if told is not None:
        columns = (*columns, *(Column(),) * len(told))
    return FillNumbers(float(imputer.missing_values), fill, kept, told, shape.with_columns(columns))


def missing_indicator(indicator: Any, shape: Shape) -> Step:
    if not is_nan(indicator.missing_values):
        raise UnplannableError("MissingIndicator", "what stands for a missing value is not NaN.")
    told = np.asarray(indicator.features_)
    refuse_new = indicator.features == "missing-only" and bool(indicator.error_on_new)
    return TellMissing(told, refuse_new, shape.with_columns((Column(),) * len(told)))


def selector(chosen: Any, shape: Shape) -> Step:
    columns = np.flatnonzero(chosen.get_support())
    return Pick(columns, shape.with_columns(tuple(shape.columns[index] for index in columns)))


def binarizer(step: Any, shape: Shape) -> Step:
    return Above(float(step.threshold), shape.with_columns((Column(),) * len(shape.columns)))


def function_transformer(step: Any, shape: Shape) -> Step:
    """Numpy's own functions of one number; any other might look at names, at the whole column, or at the clock."""
    function = step.func
    if not isinstance(function, np.ufunc) or (function.nin, function.nout) != (1, 1) or step.kw_args:
        name = getattr(function, "__name__", type(function).__name__)
        raise UnplannableError("FunctionTransformer", f"{name} is not known to be element-wise.")
    return Elementwise(function, shape.with_columns((Column(),) * len(shape.columns)))


def _arithmetic(operations: Sequence[Operation], shape: Shape, scale: Any, shift: Any) -> Arithmetic:
    count = len(shape.columns)
    scales = np.ones(count) if scale is None else np.asarray(scale, dtype=np.float64)
    shifts = np.zeros(count) if shift is None else np.asarray(shift, dtype=np.float64)
    columns = tuple(
        replace(column, origin=_moved(column.origin, float(scales[index]), float(shifts[index])))
        for index, column in enumerate(shape.columns)
    )
    return Arithmetic(tuple(operations), None, shape.with_columns(columns))


def _moved(origin: Origin | None, scale: float, shift: float) -> Origin | None:
    if origin is None:
        return None
    return Origin(origin.feature, origin.scale * scale, origin.shift + origin.scale * shift)
