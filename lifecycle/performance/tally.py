"""Metrics that are sums, kept as sums: tallies of segments, days or machines add up to the tally of all rows."""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from lifecycle.performance.metrics import Answered, Array, Classified, Regressed, confusion, metrics_of


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """`table`: the k by k confusion of a classifier (else empty). `losses`: metric name → sum over rows.

    ROC AUC, the calibration error and R² are no sums over rows; they are computed from the rows themselves.
    """

    rows: int
    table: Array
    losses: dict[str, float]

    def metrics(self) -> dict[str, float]:
        """Accuracy, log loss, Brier score; MAE and RMSE: what can be told from sums alone."""
        if not self.rows:
            return {}
        means = {name: total / self.rows for name, total in self.losses.items()}
        if "mean_square" in means:
            means["rmse"] = float(np.sqrt(means.pop("mean_square")))
        accuracy = {"accuracy": float(np.trace(self.table) / self.rows)} if self.table.size else {}
        return accuracy | means


def tally(answered: Answered, truth: Array) -> Tally:
    """Truth as in `realised`."""
    ones = np.ones(len(truth))
    if isinstance(answered, Regressed):
        errors = truth - answered.predicted
        sums = {"mae": float(np.abs(errors).sum()), "mean_square": float(np.square(errors).sum())}
        return Tally(len(truth), np.zeros((0, 0)), sums)
    metrics = metrics_of(answered)
    sums = {
        name: metrics[name](truth, ones) * len(truth) if len(truth) else 0.0
        for name in ("log_loss", "brier")
        if name in metrics
    }
    return Tally(len(truth), _whole(answered, truth, ones), sums)


def merge(first: Tally, *others: Tally) -> Tally:
    return reduce(_merge_two, others, first)


def _merge_two(first: Tally, second: Tally) -> Tally:
    if first.losses.keys() != second.losses.keys():
        raise ValueError("Tallies of different models can't be merged.")
    sums = {name: total + second.losses[name] for name, total in first.losses.items()}
    return Tally(first.rows + second.rows, first.table + second.table, sums)


def _whole(answered: Classified, truth: Array, ones: Array) -> Array:
    return confusion(answered, truth, ones).round().astype(np.int64)
