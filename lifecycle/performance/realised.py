"""Performance where the labels came back: of a night, of each version, of each segment, and of two models."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.performance.intervals import REPEATS, Figure, bootstrap, middle_95, wilson
from lifecycle.performance.metrics import (
    Answered,
    Array,
    Classified,
    confusion,
    metrics_of,
)

Figures = Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Labels:
    """How many of `rows` predictions have a label, and how long these took (seconds; None without any)."""

    rows: int
    labelled: int
    median_lag_s: float | None = None
    p95_lag_s: float | None = None

    @property
    def coverage(self) -> float:
        return self.labelled / self.rows if self.rows else 0.0


def labels_of(rows: int, lags_s: Sequence[float] | Array) -> Labels:
    """`lags_s`: for each labelled row the seconds from prediction to label."""
    if not len(lags_s):
        return Labels(rows, 0)
    median, slow = np.quantile(np.asarray(lags_s, dtype=np.float64), (0.5, 0.95))
    return Labels(rows, len(lags_s), float(median), float(slow))


def realised(answered: Answered, truth: Array, *, seed: int = 0, repeats: int = REPEATS) -> dict[str, Figure]:
    """Every metric of n labelled rows (n ≥ 1). Truth: n by k one-hot for a classifier, n numbers else."""
    metrics = metrics_of(answered)
    ones = np.ones(len(truth))
    shares = _wilson(answered, truth) if isinstance(answered, Classified) else {}
    drawn = bootstrap(
        {name: metric for name, metric in metrics.items() if name not in shares},
        truth,
        seed=seed,
        repeats=repeats,
    )
    rest = {
        name: Figure(metrics[name](truth, ones), *middle_95(draws), len(truth))
        for name, draws in drawn.items()
    }
    return {name: (shares | rest)[name] for name in metrics}


def by_group(
    answered: Answered, truth: Array, groups: Sequence[Any] | Array, *, seed: int = 0, repeats: int = REPEATS
) -> dict[str, dict[str, Figure]]:
    """The same for each group of rows: `groups` names each row's version or segment."""
    names = np.asarray([str(group) for group in groups])
    found = {}
    for name in np.unique(names):
        where = names == name
        found[str(name)] = realised(answered.rows(where), truth[where], seed=seed, repeats=repeats)
    return found


def difference(
    first: Answered,
    second: Answered,
    truth: Array,
    *,
    only: Collection[str] | None = None,
    repeats: int = REPEATS,
) -> dict[str, Figure]:
    """`second` minus `first` on the same rows, paired by row, for every metric that both have, or some of them."""
    ones = np.ones(len(truth))
    before, after = metrics_of(first), metrics_of(second)
    names = [name for name in before if name in after and (only is None or name in only)]
    draws_before, draws_after = (
        bootstrap({name: metrics[name] for name in names}, truth, seed=0, repeats=repeats)
        for metrics in (before, after)
    )
    return {
        name: Figure(
            after[name](truth, ones) - before[name](truth, ones),
            *middle_95(draws_after[name] - draws_before[name]),
            len(truth),
        )
        for name in names
    }


def _wilson(answered: Classified, truth: Array) -> dict[str, Figure]:
    """The metrics that are shares of countable rows; means over several labels are not."""
    table = confusion(answered, truth, np.ones(len(truth)))
    found = {"accuracy": _share(np.trace(table), table.sum())}
    if answered.positive is not None:
        right = table[answered.positive, answered.positive]
        found["precision"] = _share(right, table[:, answered.positive].sum())
        found["recall"] = _share(right, table[answered.positive].sum())
    return found


def _share(successes: float, n: float) -> Figure:
    value = float(successes / n) if n else 0.0
    return Figure(value, *wilson(float(successes), float(n)), int(n), "wilson")
