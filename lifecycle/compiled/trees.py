"""Trees, forests and gradient boosting through the trees' own arrays, in scikit-learn's order and precision."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.compiled.bitvectors import BitVectors, bit_vectors
from lifecycle.compiled.finals import Final, require_finite, takes_nan
from lifecycle.compiled.linear import softmax, two_shares
from lifecycle.compiled.shapes import Array, Shape, UnplannableError
from lifecycle.compiled.splits import Splits
from lifecycle.raw_answer import RawAnswer

FEWEST = 8  # trees, from which on all at once is sooner than one after the other


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """The mean of what trees answer for rows in float32, summed from the first to the last; a few rows go by
    `quick` where there is one.
    """

    trees: tuple[Any, ...]
    nan: bool
    quick: BitVectors | None
    told: Array | None

    def __call__(self, block: Any) -> Array:
        rows = as_float32(block, nan=self.nan)
        if self.quick is not None and self.told is not None and len(rows) <= self.quick.most_rows:
            answers = self.told[np.arange(len(self.trees))[:, None], self.quick(rows)]
            return np.asarray(np.cumsum(answers, axis=0)[-1] / len(self.trees))
        total = self.trees[0].predict(rows)
        if len(self.trees) == 1:
            return np.asarray(total)
        total = np.array(total, dtype=np.float64)
        for tree in self.trees[1:]:
            total += tree.predict(rows)
        total /= len(self.trees)
        return np.asarray(total)


@dataclass(frozen=True, slots=True, eq=False)
class TreeValues:
    trees: Trees
    outputs: int
    splits: tuple[Splits, ...]

    def __call__(self, block: Any, _wanted: frozenset[str]) -> RawAnswer:
        answered = self.trees(block)
        return RawAnswer(answered.reshape(len(answered), -1)[:, 0] if self.outputs == 1 else answered[..., 0])


@dataclass(frozen=True, slots=True, eq=False)
class TreeClasses:
    trees: Trees
    classes: Array
    splits: tuple[Splits, ...]

    def __call__(self, block: Any, _wanted: frozenset[str]) -> RawAnswer:
        shares = self.trees(block)
        return RawAnswer(self.classes[shares.argmax(axis=1)], shares)


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """GradientBoosting: its own sum over stages, begun at the constant that it was fitted with."""

    estimator: Any
    predict_stages: Callable[..., None]
    start: Array
    nan: bool

    def __call__(self, block: Any) -> Array:
        rows = as_float32(block, nan=self.nan)
        raw = np.repeat(self.start, len(rows), axis=0)
        self.predict_stages(self.estimator.estimators_, rows, self.estimator.learning_rate, raw)
        return raw


@dataclass(frozen=True, slots=True, eq=False)
class BoostedValues:
    raw: Callable[[Any], Array]
    link: Callable[[Array], Array]
    splits: tuple[Splits, ...]

    def __call__(self, block: Any, _wanted: frozenset[str]) -> RawAnswer:
        return RawAnswer(self.link(self.raw(block).ravel()))


@dataclass(frozen=True, slots=True, eq=False)
class BoostedClasses:
    raw: Callable[[Any], Array]
    shares: Callable[[Array], Array]
    classes: Array
    splits: tuple[Splits, ...]
    tie_is_positive: bool = False

    def __call__(self, block: Any, _wanted: frozenset[str]) -> RawAnswer:
        raw = self.raw(block)
        if raw.shape[1] > 1:
            return RawAnswer(self.classes[raw.argmax(axis=1)], self.shares(raw), raw)
        scores = raw[:, 0]
        chosen = (scores >= 0) if self.tie_is_positive else (scores > 0)
        return RawAnswer(self.classes[chosen.astype(np.intp)], self.shares(scores), scores)


def as_float32(block: Any, *, nan: bool) -> Array:
    """Rows as scikit-learn's trees take them. Raises ValueError for what they refuse."""
    dense = block.toarray() if hasattr(block, "toarray") else block
    with np.errstate(over="ignore"):
        rows: Array = np.ascontiguousarray(dense, dtype=np.float32)
    require_finite(rows, nan=nan)
    return rows


def tree_regressor(estimator: Any, shape: Shape) -> Final:
    trees = _trees(estimator, shape)
    if len(trees.trees) > 1 and estimator.n_outputs_ > 1:
        raise UnplannableError(type(estimator).__name__, "it has several outputs.")
    return TreeValues(trees, estimator.n_outputs_, splits_of(trees.trees))


def tree_classifier(estimator: Any, shape: Shape) -> Final:
    if estimator.n_outputs_ > 1:
        raise UnplannableError(type(estimator).__name__, "it has several outputs.")
    trees = _trees(estimator, shape)
    return TreeClasses(trees, np.asarray(estimator.classes_), splits_of(trees.trees))


def gradient_regressor(estimator: Any, shape: Shape) -> Final:
    stages = _stages(estimator, shape)
    trees = [stage.tree_ for stage in estimator.estimators_.ravel()]
    return BoostedValues(stages, np.asarray, splits_of(trees))


def gradient_classifier(estimator: Any, shape: Shape) -> Final:
    stages = _stages(estimator, shape)
    trees = [stage.tree_ for stage in estimator.estimators_.ravel()]
    shares: Callable[[Array], Array] = softmax
    if stages.start.shape[1] == 1:
        shares = two_shares
    if estimator.loss != "log_loss":
        shares = estimator._loss.predict_proba  # noqa: SLF001 - the loss alone knows
    classes = np.asarray(estimator.classes_)
    return BoostedClasses(stages, shares, classes, splits_of(trees), tie_is_positive=True)


def splits_of(trees: Any) -> tuple[Splits, ...]:
    return tuple(Splits.of_tree(tree) for tree in trees)


def _trees(estimator: Any, shape: Shape) -> Trees:
    trees = tuple(member.tree_ for member in getattr(estimator, "estimators_", [estimator]))
    nan_left = [getattr(tree, "missing_go_to_left", np.zeros(tree.node_count, dtype=bool)) for tree in trees]
    quick = bit_vectors(splits_of(trees), nan_left) if len(trees) >= FEWEST else None
    told = None if quick is None else quick.told([_told(tree) for tree in trees])
    return Trees(trees, takes_nan(estimator, len(shape.columns)), quick, told)


def _told(tree: Any) -> Array:
    """By node what `tree.predict` gives: one number for one output."""
    return np.asarray(tree.value[:, 0, :] if tree.n_outputs == 1 else tree.value)


def _stages(estimator: Any, shape: Shape) -> Stages:
    name = type(estimator).__name__
    constant = estimator.init_ == "zero" or type(estimator.init_).__name__.startswith("Dummy")
    module = sys.modules[type(estimator).__module__]
    if not constant or not hasattr(module, "predict_stages"):
        raise UnplannableError(name, "it begins with another model's answer.")
    probe = np.zeros((1, len(shape.columns)), dtype=np.float32)
    start = np.array(estimator._raw_predict_init(probe), dtype=np.float64)  # noqa: SLF001 - a constant, once
    return Stages(estimator, module.predict_stages, start, takes_nan(estimator, len(shape.columns)))
