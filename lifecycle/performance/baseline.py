"""What the model reached on the hold-out and how that varies by day; when a night is worse than that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lifecycle.performance.calibration import Calibration, apply
from lifecycle.performance.intervals import Figure
from lifecycle.performance.metrics import HIGHER_IS_BETTER, Answered, Array, Regressed, metrics_of
from lifecycle.performance.realised import Labels
from lifecycle.performance.titles import metric_title

MIN_DAY_ROWS = 200
MIN_DAYS = 6
_DEVIATIONS = 3
_MIN_LABELS = 200
_MIN_COVERAGE = 0.5

Source = Literal["realised", "estimated", "none"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A metric on the whole hold-out, and its standard deviation over `days` days (None for fewer than two).

    `estimate_error`: how far the estimate without labels was from it on these days (root mean square).
    """

    value: float
    sd: float | None
    days: int
    estimate_error: float | None = None


@dataclass(frozen=True, slots=True)
class PerformanceVerdict:
    """`bad` is None when it can't be judged; `reason` is the sentence that the report prints."""

    metric: str
    source: Source
    bad: bool | None
    reason: str
    figure: Figure | None = None
    baseline: Baseline | None = None


def baselines(
    answered: Answered, truth: Array, days: Sequence[Any] | None, calibration: Calibration | None = None
) -> dict[str, Baseline]:
    """Every metric over the hold-out; days with fewer than 200 rows say nothing about its variation. With the
    classifier's calibration, also how far its estimates are off by day.
    """
    names = None if days is None else np.asarray([str(day) for day in days])
    kept = [] if names is None else _full_days(names)
    whole = _values(answered, truth)
    daily = [_values(answered.rows(where), truth[where]) for where in kept]
    guessed = [_estimates(answered.rows(where), calibration) for where in kept]
    return {
        name: _baseline(value, [day[name] for day in daily], [day.get(name, np.nan) for day in guessed])
        for name, value in whole.items()
    }


def _full_days(names: Array) -> list[Array]:
    found, rows = np.unique(names, return_counts=True)
    return [names == name for name in found[rows >= MIN_DAY_ROWS]]


def _values(answered: Answered, truth: Array) -> dict[str, float]:
    ones = np.ones(len(truth))
    return {name: metric(truth, ones) for name, metric in metrics_of(answered).items()}


def _estimates(answered: Answered, calibration: Calibration | None) -> dict[str, float]:
    if calibration is None or isinstance(answered, Regressed) or answered.shares is None:
        return {}
    return _values(answered, apply(calibration, answered.shares))


def _baseline(value: float, daily: list[float], guessed: list[float]) -> Baseline:
    defined = [each for each in daily if not np.isnan(each)]
    sd = float(np.std(defined, ddof=1)) if len(defined) > 1 else None
    misses = np.subtract(guessed, daily)
    misses = misses[~np.isnan(misses)]
    error = float(np.sqrt(np.mean(np.square(misses)))) if len(misses) > 1 else None
    return Baseline(value, sd, len(defined), error)


def judge_performance(
    metric: str,
    baseline: Baseline | None,
    realised: Mapping[str, Figure],
    labels: Labels,
    estimated: Mapping[str, Figure],
) -> PerformanceVerdict:
    """Bad: worse than the hold-out by more than 3 sd over its days, and the 95 % interval excludes its value."""
    enough = labels.labelled >= _MIN_LABELS and labels.coverage >= _MIN_COVERAGE
    source: Source = "realised" if enough and metric in realised else "estimated"
    figure = (realised if source == "realised" else estimated).get(metric)
    if figure is None or np.isnan(figure.value):
        reason = f"{metric_title(metric)} is neither realised (labels for {labels.coverage:.0%} of rows) nor estimated."
        return PerformanceVerdict(metric, "none", None, reason, None, baseline)
    if baseline is None or baseline.sd is None or baseline.days < MIN_DAYS:
        days = baseline.days if baseline else 0
        reason = f"The hold-out has {days} days of at least {MIN_DAY_ROWS} rows; judging {metric_title(metric)} needs {MIN_DAYS}."
        return PerformanceVerdict(metric, source, None, reason, figure, baseline)
    return _judged(metric, source, figure, baseline, baseline.sd)


def _judged(metric: str, source: Source, figure: Figure, baseline: Baseline, sd: float) -> PerformanceVerdict:
    worse = baseline.value - figure.value if metric in HIGHER_IS_BETTER else figure.value - baseline.value
    bad = worse > _DEVIATIONS * sd and figure.excludes(baseline.value)
    reason = (
        f"{source.capitalize()} {metric_title(metric)} is {figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f}); "
        f"on the hold-out it was {baseline.value:.3f} with a standard deviation of {sd:.3f} over {baseline.days} days."
    )
    return PerformanceVerdict(metric, source, bad, reason, figure, baseline)
