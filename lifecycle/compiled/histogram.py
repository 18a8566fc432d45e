"""Histogram gradient boosting through its own predictors, without the checks that come before them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.compiled.bitvectors import BitVectors, bit_vectors
from lifecycle.compiled.finals import Final
from lifecycle.compiled.linear import softmax, two_shares
from lifecycle.compiled.shapes import Array, Shape, UnplannableError
from lifecycle.compiled.splits import Splits
from lifecycle.compiled.trees import BoostedClasses, BoostedValues


@dataclass(frozen=True, slots=True, eq=False)
class Predictors:
    """By iteration, one predictor for each column of the raw answer; a few rows go by `quick` where there is one."""

    predictors: tuple[tuple[Any, ...], ...]
    baseline: Array
    known_categories: Array
    columns_with_categories: Array
    quick: BitVectors | None
    told: Array | None

    def __call__(self, block: Any) -> Array:
        rows = np.ascontiguousarray(block, dtype=np.float64)
        if self.quick is not None and self.told is not None and len(rows) <= self.quick.most_rows:
            return self._quickly(np.take_along_axis(self.told, self.quick(rows), axis=1))
        raw = np.zeros((len(rows), self.baseline.shape[1]), order="F")
        raw += self.baseline
        for iteration in self.predictors:
            for column, predictor in enumerate(iteration):
                raw[:, column] += predictor.predict(
                    rows, self.known_categories, self.columns_with_categories, 1
                )
        return raw

    def _quickly(self, told: Array) -> Array:
        """The same sum of what each tree told: from the baseline, then tree after tree."""
        outputs = self.baseline.shape[1]
        raw = np.empty((told.shape[1], outputs))
        for column in range(outputs):
            begun = np.full((1, told.shape[1]), self.baseline[0, column])
            raw[:, column] = np.cumsum(np.concatenate([begun, told[column::outputs]]), axis=0)[-1]
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
    nodes = [one.nodes for iteration in predictors for one in iteration]
    quick = bit_vectors(_splits(estimator), [each["missing_go_to_left"] for each in nodes])
    told = None if quick is None else quick.told([each["value"] for each in nodes])
    baseline = np.asarray(estimator._baseline_prediction)  # noqa: SLF001
    return Predictors(predictors, baseline, known, columns, quick, told)


def _splits(estimator: Any) -> tuple[Splits, ...]:
    return tuple(Splits.of_predictor(one.nodes) for iteration in estimator._predictors for one in iteration)  # noqa: SLF001
