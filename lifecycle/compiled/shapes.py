"""What flows between the steps of a plan, and what is known of it before any row has come."""

from dataclasses import dataclass, replace
from math import isnan
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from lifecycle.signature import Feature, Missing

Array = npt.NDArray[Any]
Kind = Literal["columns", "numbers", "values", "texts"]
Form = Literal["dense", "as_sparse", "sparse"]


class UnplannableError(Exception):
    """`step` is where no plan could be made, `reason` a sentence that says why."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Origin:
    """A column that is `value` = (feature - shift) / scale: where a threshold lies in the feature's own terms."""

    feature: str
    scale: float = 1.0
    shift: float = 0.0

    def back(self, values: Array) -> Array:
        return values * self.scale + self.shift


@dataclass(frozen=True, slots=True)
class Column:
    """`missing` is what None stands for in a column of values; `origin` None where it has no single feature."""

    missing: Missing = "nan"
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """`columns`: the request's own, by feature name. `numbers`: an n-by-k array of floats. `values`: k lists of n
    plain values, None where one is missing. `texts`: a list of n texts.

    `as_sparse` numbers are dense here and sparse in scikit-learn, which then sums in another order.
    """

    kind: Kind
    columns: tuple[Column, ...]
    form: Form = "dense"
    features: tuple[Feature, ...] = ()
    by_row: bool = False

    def numbers(self, columns: tuple[Column, ...], form: Form = "dense") -> "Shape":
        return Shape("numbers", columns, form)

    def with_columns(self, columns: tuple[Column, ...]) -> "Shape":
        return replace(self, columns=columns)


class Step(Protocol):
    """One operation; `shape` is what comes out of it."""

    @property
    def shape(self) -> Shape: ...

    def __call__(self, block: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps one after another."""

    steps: tuple[Step, ...]
    shape: Shape

    def __call__(self, block: Any) -> Any:
        for step in self.steps:
            block = step(block)
        return block


@dataclass(frozen=True, slots=True)
class AsNumbers:
    """Plain values that are all numbers, as scikit-learn makes them of an array of objects."""

    shape: Shape

    def __call__(self, block: list[list[Any]]) -> Array:
        return np.array(block, dtype=np.float64).T


@dataclass(frozen=True, slots=True)
class AsValues:
    shape: Shape

    def __call__(self, block: Array) -> list[list[Any]]:
        return [[None if isnan(value) else value for value in column] for column in block.T.tolist()]


def objects(block: list[list[Any]], columns: tuple[Column, ...]) -> Array:
    """Plain values as the two-dimensional array of objects that scikit-learn works on."""
    table = np.empty((len(block[0]), len(block)), dtype=object)
    for index, (values, column) in enumerate(zip(block, columns, strict=True)):
        missing = None if column.missing == "none" else np.nan
        table[:, index] = [missing if value is None else value for value in values]
    return table


def is_nan(value: Any) -> bool:
    """For a value of any type."""
    return isinstance(value, float) and isnan(value)


def anonymous(count: int) -> tuple[Column, ...]:
    return (Column(),) * count
