"""Histogram gradient boosting through its own predictors, without the checks that come before them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.compiled.finals import Final
from lifecycle.compiled.linear import softmax, two_shares
from lifecycle.compiled.shapes import Array, Shape, UnplannableError
from lifecycle.compiled.splits import Splits
from lifecycle.compiled.trees import BoostedClasses, BoostedValues


@dataclass(frozen=True, slots=True, eq=False)
class Predictors:
    """By iteration, one predictor for each column of the raw answer."""

    predictors: tuple[tuple[Any, ...], ...]
    baseline: Array
    known_categories: Array
    columns_with_categories: Array

    def __call__(self, block: Any) -> Array:
        rows = np.ascontiguousarray(block, dtype=np.float64)
        raw = np.zeros((len(rows), self.baseline.shape[1]), order="F")
        raw += self.baseline
        for iteration in self.predictors:
            for column, predictor in enumerate(iteration):
                raw[:, column] += predictor.predict(
                    rows, self.known_categories, self.columns_with_categories, 1
                )
        return raw


def histogram_regressor(estimator: Any, shape: Shape) -> Final:
    link: Callable[[Array], Array] = estimator._loss.link.inverse  # noqa: SLF001 - the loss alone knows
    return BoostedValues(_predictors(estimator, shape), link, _splits(estimator))


def histogram_classifier(estimator: Any, shape: Shape) -> Final:
    predictors = _predictors(estimator, shape)
    shares = two_shares if predictors.baseline.shape[1] == 1 else softmax
    return BoostedClasses(predictors, shares, np.asarray(estimator.classes_), _splits(estimator))


def _predictors(estimator: Any, shape: Shape) -> Predictors:
    if shape.form == "sparse":
        raise UnplannableError(type(estimator).__name__, "it takes no sparse matrix.")
    known, columns = estimator._bin_mapper.make_known_categories_bitsets()  # noqa: SLF001 - as its own predict does
    predictors = tuple(map(tuple, estimator._predictors))  # noqa: SLF001
    return Predictors(predictors, np.asarray(estimator._baseline_prediction), known, columns)  # noqa: SLF001


def _splits(estimator: Any) -> tuple[Splits, ...]:
    return tuple(Splits.of_predictor(one.nodes) for iteration in estimator._predictors for one in iteration)  # noqa: SLF001
