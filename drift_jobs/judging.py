"""One version's night: its window, drift, performance, and the document of both."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from drift_jobs.bin_labels import bin_labels
from drift_jobs.reading import Watched, count_window, stated_shares
from lifecycle.drift.comparison import coarse
from lifecycle.drift.judge import judge
from lifecycle.drift.power import MIN_ROWS
from lifecycle.drift.report import DriftReport, Finding
from lifecycle.drift.severity import Severity
from lifecycle.performance.baseline import Baseline, PerformanceVerdict, judge_performance
from lifecycle.performance.estimated import Estimate, estimate
from lifecycle.performance.intervals import Figure
from lifecycle.performance.of_window import first_output_of
from lifecycle.performance.realised import Labels
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.profile.counts import ColumnCounts, Counts, merge
from lifecycle.profile.profile import Column, Profile, strange_share
from lifecycle.window import Window, day

GROWN_DAYS = 28
TRAILING_WEEKS = 4
ADOPTED_NIGHTS = 7
NO_REFERENCE = (
    "The version was registered without a reference, so there is nothing to compare with yet: its first "
    f"{ADOPTED_NIGHTS} nights with at least {MIN_ROWS} rows become one ({{}} so far). Or register it again with "
    "--reference FILE --target COLUMN."
)
ADOPTED = (
    "The reference is what the version was asked from {} on, in its first "
    f"{ADOPTED_NIGHTS} nights with at least {MIN_ROWS} rows: it was registered without one."
)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """`window` is the night, or longer where the night had too few rows."""

    watched: Watched
    window: Window
    rows: int
    drift: DriftReport
    realised: Mapping[str, Figure]
    labels: Labels
    estimate: Estimate | None
    counts: Counts

    def to_document(self) -> dict[str, Any]:
        return {
            "version": self.watched.version,
            "digest": self.watched.digest,
            "rows": self.rows,
            "window": {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()},
            "days": (self.window.end - self.window.start).days,
            "severity": self.drift.severity.value,
            "bad": self.drift.bad,
            "drift": self.drift.to_document(),
            "bins": _bins(self.watched, self.counts),
            "labels": asdict(self.labels) | {"coverage": self.labels.coverage},
            "realised": _figures(self.realised),
            "estimated": None if self.estimate is None else _estimate(self.estimate),
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """What is judged, and the trailing reference that names what is found."""

    window: Window
    counts: Counts
    trailing: Counts | None = None


def judge_version(log: PredictionLog, watched: Watched, night: date) -> Judged:
    """Never raises for what is in the data."""
    profile = watched.profile
    if profile is None:
        return _without_reference(watched, day(night))
    window, counts = _grown(log, watched, profile, night)
    trailing = _trailing(log, watched, profile, night)
    return _judged(log, watched, profile, _Stretch(window, counts, trailing))


def judge_window(log: PredictionLog, watched: Watched, window: Window) -> Judged:
    """Any stretch of time as it is, beside the training reference alone."""
    profile = watched.profile
    if profile is None:
        return _without_reference(watched, window)
    counts = count_window(log, window, watched, profile) or _nothing(profile)
    return _judged(log, watched, profile, _Stretch(window, counts))


def _judged(log: PredictionLog, watched: Watched, profile: Profile, stretch: _Stretch) -> Judged:
    window, counts = stretch.window, stretch.counts
    labels = Labels(counts.rows, 0)
    realised: Mapping[str, Figure] = {}
    guess, performance = None, None
    if counts.rows:
        labels, realised = realised_in(log, window, watched)
        guess = _estimated(log, window, watched, profile, counts)
        performance = _performance(watched, profile, realised, labels, guess)
    report = judge(profile, counts, stretch.trailing, performance)
    drift = _with_every_column(report, profile)
    if watched.adopted:
        drift = replace(drift, notes=(*drift.notes, ADOPTED.format(watched.adopted[0])))
    return Judged(watched, window, counts.rows, drift, realised, labels, guess, counts)


def evidence(report: DriftReport) -> tuple[str, ...]:
    """What was found, worst first, as sentences."""
    found = tuple(
        f"{each.name} is {each.severity.value}: {'; '.join(each.reasons) or 'significant'}."
        for each in report.found
    )
    failing = report.performance is not None and report.performance.bad is True
    return ((report.performance.reason,) if failing and report.performance else ()) + found


def _grown(log: PredictionLog, watched: Watched, profile: Profile, night: date) -> tuple[Window, Counts]:
    """The night's counts; with fewer than 200 rows the days before it are added, up to 28 in all."""
    whole, counts = day(night), _nothing(profile)
    for back in range(GROWN_DAYS):
        window = day(night - timedelta(days=back))
        of_day = count_window(log, window, watched, profile)
        counts = counts if of_day is None else of_day if not counts.rows else merge(of_day, counts)
        whole = Window(window.start, whole.end)
        if counts.rows >= MIN_ROWS:
            return whole, counts
    return (whole, counts) if counts.rows else (day(night), counts)


def _nothing(profile: Profile) -> Counts:
    return Counts(0, _empty(profile.features), _empty(profile.scores))


def _empty(columns: Mapping[str, Column]) -> dict[str, ColumnCounts]:
    return {
        name: ColumnCounts(0, 0, np.zeros(column.bins.fine, dtype=np.int64))
        for name, column in columns.items()
    }


def _trailing(log: PredictionLog, watched: Watched, profile: Profile, night: date) -> Counts | None:
    """The same weekday of the last four weeks."""
    days = (day(night - timedelta(weeks=week)) for week in range(1, TRAILING_WEEKS + 1))
    counted = [counts for one in days if (counts := count_window(log, one, watched, profile)) is not None]
    return merge(*counted) if counted else None


def realised_in(log: PredictionLog, window: Window, watched: Watched) -> tuple[Labels, Mapping[str, Figure]]:
    """Of the version's first output, by the labels that there are by now."""
    measured = first_output_of(log, window, watched.version, watched.signature)
    return (Labels(0, 0), {}) if measured is None else (measured.labels, measured.figures)


def _estimated(
    log: PredictionLog, window: Window, watched: Watched, profile: Profile, counts: Counts
) -> Estimate | None:
    calibration = profile.calibrations.get(watched.signature.outputs[0].name)
    stated = None if calibration is None else stated_shares(log, window, watched, counts.rows)
    if calibration is None or stated is None:
        return None
    return estimate(calibration, stated, _baselines(watched, profile), strange=strange_share(profile, counts))


def _performance(
    watched: Watched,
    profile: Profile,
    realised: Mapping[str, Figure],
    labels: Labels,
    guess: Estimate | None,
) -> PerformanceVerdict | None:
    if not watched.metric:
        return None
    baseline = _baselines(watched, profile).get(watched.metric)
    figures = {} if guess is None else guess.figures
    return judge_performance(watched.metric, baseline, realised, labels, figures)


def _baselines(watched: Watched, profile: Profile) -> Mapping[str, Baseline]:
    return profile.baselines.get(watched.signature.outputs[0].name, {})


def _with_every_column(report: DriftReport, profile: Profile) -> DriftReport:
    """A night without enough rows still has its whole table."""
    if report.rows >= MIN_ROWS:
        return report
    reason = (f"{report.rows} rows; at least {MIN_ROWS} are needed.",)
    known = {each.name for each in report.features}
    features = tuple(
        Finding(name, Severity.NO_DATA, reason, name in profile.important)
        for name in profile.features
        if name not in known
    )
    scores = tuple(Finding(name, Severity.NO_DATA, reason, True) for name in profile.scores)
    return replace(report, features=features + report.features, scores=scores)


def _without_reference(watched: Watched, window: Window) -> Judged:
    reason = NO_REFERENCE.format(len(watched.adopted))
    features = tuple(
        Finding(feature.name, Severity.NO_DATA, (reason,), True) for feature in watched.signature.inputs
    )
    report = DriftReport(Severity.NO_DATA, False, 0, features, (), notes=(reason,))
    return Judged(watched, window, 0, report, {}, Labels(0, 0), None, Counts(0, {}, {}))


def _bins(watched: Watched, counts: Counts) -> dict[str, Any]:
    """About ten bins a column, reference beside current: enough to draw both. Private columns stay unnamed."""
    profile = watched.profile
    if profile is None or not counts.rows:
        return {}
    private = {feature.name for feature in watched.signature.inputs if feature.privacy != "keep"}
    pairs = [(column, counts.features[name]) for name, column in profile.features.items()]
    pairs += [(column, counts.scores[name]) for name, column in profile.scores.items()]
    return {
        column.name: {
            "reference": coarse(column, column.reference).tolist(),
            "current": coarse(column, current).tolist(),
            **({} if column.name in private else bin_labels(column)),
        }
        for column, current in pairs
    }


def _figures(figures: Mapping[str, Figure]) -> dict[str, Any]:
    return {name: _plain(asdict(figure)) for name, figure in figures.items()}


def _estimate(guess: Estimate) -> dict[str, Any]:
    return {
        "figures": _figures(guess.figures),
        "assumptions": [asdict(one) for one in guess.assumptions],
        "trusted": guess.trusted,
    }


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in document.items()
    }
