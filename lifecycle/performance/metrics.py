"""Metrics as functions of truth and row weights, so that one definition serves three uses: realised (truth is
one-hot, weights are 1), bootstrapped (weights count how often a row was drawn), estimated (truth is a share).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Metric = Callable[[Array, Array], float]

HIGHER_IS_BETTER = frozenset({"accuracy", "precision", "recall", "f1", "roc_auc", "r2"})
CALIBRATION_BINS = 10
_SMALLEST_SHARE = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """n answered rows: `chosen` is the index of each row's label, `shares` n by k probabilities if there are any.

    `positive` is the index of the positive label of two; None for more labels. `ranking` is what ROC AUC is
    computed from where there are no shares: n decision scores.
    """

    labels: int
    chosen: Array
    shares: Array | None = None
    positive: int | None = None
    ranking: Array | None = None

    def __len__(self) -> int:
        return len(self.chosen)

    def rows(self, where: Array) -> "Classified":
        shares = None if self.shares is None else self.shares[where]
        ranking = None if self.ranking is None else self.ranking[where]
        return Classified(self.labels, self.chosen[where], shares, self.positive, ranking)


@dataclass(frozen=True, slots=True, eq=False)
class Regressed:
    """n answered rows: the predicted numbers."""

    predicted: Array

    def __len__(self) -> int:
        return len(self.predicted)

    def rows(self, where: Array) -> "Regressed":
        return Regressed(self.predicted[where])


Answered = Classified | Regressed


def metrics_of(answered: Answered) -> dict[str, Metric]:
    """Name → metric. Truth is n by k shares for a classifier, n numbers for a regressor; weights are n."""
    if isinstance(answered, Regressed):
        return _regression(answered.predicted)
    found: dict[str, Metric] = {"accuracy": _accuracy(answered)} | _by_confusion(answered)
    if answered.positive is not None:
        ranking = answered.ranking if answered.shares is None else answered.shares[:, answered.positive]
        found |= {} if ranking is None else {"roc_auc": _roc_auc(ranking, answered.positive)}
    if answered.shares is not None:
        found |= _of_shares(answered.shares, answered.positive)
    return found


def one_hot(indices: Array, labels: int) -> Array:
    return np.eye(labels)[indices]


def confusion(answered: Classified, truth: Array, weights: Array) -> Array:
    """Weights, k by k: row is the true label, column the chosen one."""
    k = answered.labels
    return np.stack([np.bincount(answered.chosen, weights * truth[:, t], minlength=k) for t in range(k)])


def _accuracy(answered: Classified) -> Metric:
    rows = np.arange(len(answered))
    return lambda truth, weights: _ratio(weights @ truth[rows, answered.chosen], weights.sum())


def _by_confusion(answered: Classified) -> dict[str, Metric]:
    """Of the positive label; with more than two labels the plain mean over them. Nothing to divide by is 0."""

    def metric(of_chosen: float, of_true: float) -> Metric:
        def value(truth: Array, weights: Array) -> float:
            table = confusion(answered, truth, weights)
            rows = of_chosen * table.sum(axis=0) + of_true * table.sum(axis=1)
            each = np.divide(np.diag(table), rows, out=np.zeros(len(table)), where=rows > 0)
            return float(each.mean() if answered.positive is None else each[answered.positive])

        return value

    return {"precision": metric(1, 0), "recall": metric(0, 1), "f1": metric(0.5, 0.5)}


def _roc_auc(ranking: Array, positive: int) -> Metric:
    places = np.unique(ranking, return_inverse=True)[1]

    def value(truth: Array, weights: Array) -> float:
        ups = np.bincount(places, weights * truth[:, positive])
        downs = np.bincount(places, weights * (1 - truth[:, positive]))
        won = ups @ (np.cumsum(downs) - downs / 2)
        return _ratio(won, ups.sum() * downs.sum())

    return value


def _of_shares(shares: Array, positive: int | None) -> dict[str, Metric]:
    logs = -np.log(np.clip(shares, _SMALLEST_SHARE, None))
    squares = np.square(shares).sum(axis=1) + 1
    halved = 1.0 if positive is None else 0.5
    return {
        "log_loss": lambda truth, weights: _ratio(weights @ (logs * truth).sum(axis=1), weights.sum()),
        "brier": lambda truth, weights: (
            halved * _ratio(weights @ (squares - 2 * (shares * truth).sum(axis=1)), weights.sum())
        ),
        "calibration_error": _calibration_error(shares, positive),
    }


def _calibration_error(shares: Array, positive: int | None) -> Metric:
    """Mean distance of stated and true share over ten bins: of the positive label, else of the likeliest one."""
    stated, label = _stated(shares, positive)
    places = calibration_bin(stated)
    rows = np.arange(len(shares))

    def value(truth: Array, weights: Array) -> float:
        gaps = np.bincount(places, weights * (stated - truth[rows, label]), minlength=CALIBRATION_BINS)
        return _ratio(np.abs(gaps).sum(), weights.sum())

    return value


def calibration_bin(stated: Array) -> Array:
    return np.minimum((stated * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)


def _stated(shares: Array, positive: int | None) -> tuple[Array, Array]:
    if positive is not None:
        return shares[:, positive], np.full(len(shares), positive)
    return shares.max(axis=1), shares.argmax(axis=1)


def _regression(predicted: Array) -> dict[str, Metric]:
    def mean_square(truth: Array, weights: Array) -> float:
        return _ratio(weights @ np.square(truth - predicted), weights.sum())

    def r2(truth: Array, weights: Array) -> float:
        mean = _ratio(weights @ truth, weights.sum())
        around_mean = _ratio(weights @ np.square(truth - mean), weights.sum())
        return 1 - _ratio(mean_square(truth, weights), around_mean)

    return {
        "mae": lambda truth, weights: _ratio(weights @ np.abs(truth - predicted), weights.sum()),
        "rmse": lambda truth, weights: float(np.sqrt(mean_square(truth, weights))),
        "r2": r2,
    }


def _ratio(part: Any, whole: Any) -> float:
    """NaN where there is nothing to divide by: such a metric is not defined for these rows."""
    return float(part / whole) if whole > 0 else float("nan")
