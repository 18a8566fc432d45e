"""The last step of a plan: prepared columns → what the estimator's methods would answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from lifecycle.compiled.prepare import Note, as_given
from lifecycle.compiled.shapes import Array, Shape
from lifecycle.compiled.splits import Splits
from lifecycle.raw_answer import RawAnswer, ask, dense


class Final(Protocol):
    """`splits` are the trees in it, whose every threshold is tried."""

    @property
    def splits(self) -> tuple[Splits, ...]: ...

    def __call__(self, block: Any, wanted: frozenset[str], /) -> RawAnswer: ...


@runtime_checkable
class Summing(Protocol):
    """A final step whose sums depend on how many rows are summed together."""

    def apart(self, sizes: Sequence[int], /) -> Final:
        """The same step for the rows of several requests, of so many rows each: each is answered as if alone."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A final step, the note that tells how it runs, and whether it takes NaN."""

    final: Final
    note: Note


@dataclass(frozen=True, slots=True, eq=False)
class AsScikitLearnEnds:
    """The estimator itself, on arrays."""

    estimator: Any
    shape: Shape
    splits: tuple[Splits, ...] = ()

    def __call__(self, block: Any, wanted: frozenset[str]) -> RawAnswer:
        return ask(self.estimator, as_given(block, self.shape), "", wanted)


@dataclass(frozen=True, slots=True, eq=False)
class Transformed:
    """Nothing follows: the prepared columns are the answer."""

    splits: tuple[Splits, ...] = ()

    def __call__(self, block: Any, _wanted: frozenset[str]) -> RawAnswer:
        return RawAnswer(dense(block))


@dataclass(frozen=True, slots=True, eq=False)
class TargetTurnedBack:
    """TransformedTargetRegressor with a numpy function of each number for itself."""

    inner: Final
    inverse: Callable[[Array], Array]

    @property
    def splits(self) -> tuple[Splits, ...]:
        return self.inner.splits

    def __call__(self, block: Any, wanted: frozenset[str]) -> RawAnswer:
        return RawAnswer(self.inverse(self.inner(block, wanted).predicted))


def require_finite(block: Any, *, nan: bool = False) -> None:
    """What scikit-learn refuses as well. Raises ValueError."""
    numbers = block.data if hasattr(block, "toarray") else block
    if not np.isfinite(numbers).all() and not (nan and not np.isinf(numbers).any()):
        raise ValueError("A number is missing or infinite where the model takes none.")


def takes_nan(estimator: Any, columns: int) -> bool:
    """Asked of the estimator itself: how it tells differs between versions."""
    try:
        estimator.predict(np.full((1, columns), np.nan))
    except ValueError:
        return False
    return True
