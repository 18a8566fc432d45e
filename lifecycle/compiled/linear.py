"""Linear models: the dot product as scikit-learn does it, and what each of them makes of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit

from lifecycle.compiled.finals import Final, require_finite
from lifecycle.compiled.shapes import Array, Shape, UnplannableError
from lifecycle.compiled.splits import Splits
from lifecycle.raw_answer import RawAnswer

REGRESSORS = frozenset(
    {
        "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "LassoLars", "LassoLarsCV", "LassoLarsIC",
        "ElasticNet", "ElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV", "MultiTaskElasticNet",
        "MultiTaskElasticNetCV", "Lars", "LarsCV", "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV",
        "BayesianRidge", "ARDRegression", "HuberRegressor", "TheilSenRegressor", "SGDRegressor", "LinearSVR",
        "PassiveAggressiveRegressor", "QuantileRegressor", "PoissonRegressor", "GammaRegressor",
    }
)  # fmt: skip
CLASSIFIERS = frozenset(
    {
        "LogisticRegression", "LogisticRegressionCV", "SGDClassifier", "Perceptron", "LinearSVC",
        "RidgeClassifier", "RidgeClassifierCV", "PassiveAggressiveClassifier", "LinearDiscriminantAnalysis",
    }
)  # fmt: skip
_LOGARITHMIC = frozenset({"PoissonRegressor", "GammaRegressor"})
_SOFTMAX = frozenset({"LogisticRegression", "LogisticRegressionCV", "LinearDiscriminantAnalysis"})

Shares = Callable[[Array], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Dot:
    """Rows times coefficients (k, or k by outputs) plus intercept.

    scikit-learn's sparse product sums a row from left to right; BLAS sums in an order of its own, which depends on
    how many rows it is given: `sizes` are the requests that the rows belong to, each of them summed as if alone.
    """

    coefficients: Array
    intercept: Any
    as_sparse: bool
    sizes: Sequence[int] | None = None

    def __call__(self, block: Any) -> Array:
        require_finite(block)
        if not self.as_sparse:
            summed = block @ self.coefficients if self.sizes is None else self._apart(block, self.sizes)
            answered: Array = summed + self.intercept
            return answered
        if self.coefficients.ndim == 1:
            summed = np.cumsum(block * self.coefficients, axis=1)[:, -1]
        else:
            summed = np.column_stack(
                [np.cumsum(block * column, axis=1)[:, -1] for column in self.coefficients.T]
            )
        from_left: Array = summed + self.intercept
        return from_left

    def _apart(self, block: Array, sizes: Sequence[int]) -> Array:
        """Each request's rows shown to BLAS as they would lie in memory alone."""
        summed = np.empty((len(block), *self.coefficients.shape[1:]))
        whole, start = block.flags.c_contiguous, 0
        for size in sizes:
            part = block[start : start + size]
            summed[start : start + size] = (part if whole else part.copy("K")) @ self.coefficients
            start += size
        return summed


@dataclass(frozen=True, slots=True, eq=False)
class LinearValues:
    dot: Dot
    link: Callable[[Array], Array] | None
    splits: tuple[Splits, ...] = ()

    def __call__(self, block: Any, _wanted: frozenset[str]) -> RawAnswer:
        values = self.dot(block)
        return RawAnswer(values if self.link is None else self.link(values))

    def apart(self, sizes: Sequence[int]) -> "LinearValues":
        return replace(self, dot=replace(self.dot, sizes=sizes))


@dataclass(frozen=True, slots=True, eq=False)
class LinearClasses:
    dot: Dot
    classes: Array
    shares: Shares | None
    splits: tuple[Splits, ...] = ()

    def __call__(self, block: Any, wanted: frozenset[str]) -> RawAnswer:
        scores = self.dot(block)
        if scores.ndim > 1 and scores.shape[1] == 1:
            scores = scores.reshape(-1)
        chosen = (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)
        predicted = self.classes[chosen]
        if "predict_proba" in wanted and self.shares is not None:
            return RawAnswer(predicted, self.shares(scores), scores)
        return RawAnswer(predicted, None, scores)

    def apart(self, sizes: Sequence[int]) -> "LinearClasses":
        return replace(self, dot=replace(self.dot, sizes=sizes))


def linear_regressor(estimator: Any, shape: Shape) -> Final:
    link = np.exp if type(estimator).__name__ in _LOGARITHMIC else None
    return LinearValues(_dot(estimator, shape), link)


def linear_classifier(estimator: Any, shape: Shape) -> Final:
    if isinstance(estimator.classes_, list):
        raise UnplannableError(type(estimator).__name__, "it has several outputs.")
    return LinearClasses(_dot(estimator, shape), np.asarray(estimator.classes_), _shares(estimator))


def two_shares(scores: Array) -> Array:
    """The logistic function's answer, and what is left of one."""
    shares = np.empty((len(scores), 2))
    expit(scores, out=shares[:, 1])
    np.subtract(1, shares[:, 1], out=shares[:, 0])
    return shares


def softmax(scores: Array) -> Array:
    shares: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def one_against_rest(scores: Array) -> Array:
    shares: Array = expit(scores)
    total = shares.sum(axis=1)
    empty = total == 0
    if empty.any():
        shares[empty] = 1
        total[empty] = shares.shape[1]
    shares /= total[:, None]
    return shares


def _shares(estimator: Any) -> Shares | None:
    """How probabilities come from the scores; None where the estimator has none."""
    name = type(estimator).__name__
    if not hasattr(estimator, "predict_proba"):
        return None
    if name == "SGDClassifier" and estimator.loss != "log_loss":
        raise UnplannableError(name, f"probabilities of the loss {estimator.loss} have no exact form here.")
    if getattr(estimator, "multi_class", None) == "multinomial" and len(estimator.classes_) == 2:
        raise UnplannableError(name, "multinomial probabilities of two classes have no exact form here.")
    if len(estimator.classes_) == 2:
        return two_shares
    rest = getattr(estimator, "solver", "") == "liblinear" or getattr(estimator, "multi_class", "") == "ovr"
    return softmax if name in _SOFTMAX and not rest else one_against_rest


def _dot(estimator: Any, shape: Shape) -> Dot:
    coefficients = np.asarray(estimator.coef_, dtype=np.float64)
    return Dot(coefficients.T, estimator.intercept_, shape.form == "as_sparse")
