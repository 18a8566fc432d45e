"""Performance of a classifier without labels (CBPE): recalibrated shares stand for the truth not known yet."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from lifecycle.performance.baseline import Baseline
from lifecycle.performance.calibration import Calibration, apply, drawn
from lifecycle.performance.intervals import Figure, middle_95
from lifecycle.performance.metrics import Array, Classified, Metric, metrics_of, one_hot

_REPEATS = 200
_Z = 1.96
_MIN_ROWS = 200
_WELL_CALIBRATED = 0.03
_STRANGE_SHARE = 0.05
_HIGHEST = {"log_loss": math.inf, "brier": 2.0}


@dataclass(frozen=True, slots=True)
class Assumption:
    """What an estimate stands on. `holds` is None where no data could tell."""

    holds: bool | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """Figures by metric; the interval is where the metric of these very rows will lie once labels arrive."""

    figures: Mapping[str, Figure]
    assumptions: tuple[Assumption, ...]

    @property
    def trusted(self) -> bool:
        """No assumption that can be checked fails."""
        return all(assumption.holds is not False for assumption in self.assumptions)


def estimate(
    calibration: Calibration,
    answered: Classified,
    baselines: Mapping[str, Baseline] = MappingProxyType({}),
    *,
    strange: float = 0.0,
    seed: int = 0,
) -> Estimate:
    """Estimate n rows that have shares. `strange` is the share of rows in regions that the reference never saw.
    No interval is narrower than what the estimates of the hold-out's days were off by: rows of one day are
    alike in ways that no simulation of single rows knows.

    Raises ValueError for a classifier without probabilities: there is nothing to recalibrate.
    """
    if answered.shares is None:
        raise ValueError("An estimate without labels needs probabilities.")
    metrics = metrics_of(answered)
    metrics.pop("calibration_error")  # the recalibration is assumed to hold: it can't be its own judge
    expected = apply(calibration, answered.shares)
    ones = np.ones(len(answered))
    draws = _simulated(calibration, answered.shares, metrics, seed)
    figures = {
        name: _within(name, _figure(metric(expected, ones), draws[name], len(answered), baselines.get(name)))
        for name, metric in metrics.items()
    }
    return Estimate(figures, _assumptions(calibration, len(answered), strange))


def _figure(value: float, draws: Array, rows: int, baseline: Baseline | None) -> Figure:
    low, high = middle_95(draws)
    if baseline is not None and baseline.estimate_error is not None:
        half = _Z * baseline.estimate_error
        low, high = min(low, value - half), max(high, value + half)
    return Figure(value, low, high, rows, "simulated")


def _within(name: str, figure: Figure) -> Figure:
    """No interval reaches to where its metric can't be."""
    return replace(figure, low=max(0.0, figure.low), high=min(_HIGHEST.get(name, 1.0), figure.high))


def _simulated(
    calibration: Calibration, shares: Array, metrics: Mapping[str, Metric], seed: int
) -> dict[str, Array]:
    """The metrics for labels drawn at random: both the labels and the calibration are uncertain."""
    random = np.random.default_rng(seed)
    ones = np.ones(len(shares))
    draws = {name: np.empty(_REPEATS) for name in metrics}
    for repeat in range(_REPEATS):
        truth = _drawn_truth(apply(drawn(calibration, random), shares), random)
        for name, metric in metrics.items():
            draws[name][repeat] = metric(truth, ones)
    return draws


def _drawn_truth(expected: Array, random: np.random.Generator) -> Array:
    reached = expected.cumsum(axis=1)[:, :-1] < random.random((len(expected), 1))
    return one_hot(reached.sum(axis=1), expected.shape[1])


def _assumptions(calibration: Calibration, rows: int, strange: float) -> tuple[Assumption, ...]:
    return (
        Assumption(
            calibration.error <= _WELL_CALIBRATED,
            f"Recalibrated probabilities are right: off by {calibration.error:.3f} on {calibration.rows} "
            f"hold-out rows (at most {_WELL_CALIBRATED} is taken).",
        ),
        Assumption(
            strange <= _STRANGE_SHARE,
            f"The rows lie where the reference was: {strange:.1%} do not (at most {_STRANGE_SHARE:.0%} is taken).",
        ),
        Assumption(rows >= _MIN_ROWS, f"There are enough rows: {rows} (at least {_MIN_ROWS})."),
        Assumption(None, "Equal rows still get equal labels (no concept drift): only labels can tell."),
    )
