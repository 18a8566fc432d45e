"""95 % intervals: Wilson's for shares, the bootstrap by row for everything else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lifecycle.performance.metrics import Array, Metric

_Z = 1.959963984540054
_TAILS = (0.025, 0.975)
REPEATS = 400

Method = Literal["wilson", "bootstrap", "simulated"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's value over `n` rows with its 95 % interval. NaN means: not defined for these rows."""

    value: float
    low: float
    high: float
    n: int
    method: Method = "bootstrap"

    def excludes(self, value: float) -> bool:
        return not self.low <= value <= self.high


def wilson(successes: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; of nothing at all it is everything."""
    if n <= 0:
        return 0.0, 1.0
    share = successes / n
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    # of none or all the bound is exact, and the formula leaves a rounding error of it
    low = 0.0 if successes <= 0 else max(0.0, centre - half)
    return low, 1.0 if successes >= n else min(1.0, centre + half)


def bootstrap(
    metrics: Mapping[str, Metric], truth: Array, *, seed: int, repeats: int = REPEATS
) -> dict[str, Array]:
    """Each metric over `repeats` draws of n rows with replacement. Row i is drawn equally often for every metric
    (and, with the same seed, for every model), so differences of the draws are paired.
    """
    random = np.random.default_rng(seed)
    n = len(truth)
    draws = {name: np.empty(repeats) for name in metrics}
    for repeat in range(repeats):
        weights = np.bincount(random.integers(0, n, n), minlength=n).astype(np.float64)
        for name, metric in metrics.items():
            draws[name][repeat] = metric(truth, weights)
    return draws


def middle_95(draws: Array) -> tuple[float, float]:
    """The central 95 % of the draws that are defined; NaN when none is."""
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return math.nan, math.nan
    low, high = np.quantile(defined, _TAILS)
    return float(low), float(high)
