"""Build a profile: bins, counts, normal variation and rows for plots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lifecycle.performance.baseline import Baseline
from lifecycle.performance.calibration import Calibration
from lifecycle.profile.bins import category_bins, number_bins
from lifecycle.profile.profile import Column, Columns, Profile, count_values
from lifecycle.profile.scores import ScoreColumn
from lifecycle.profile.values import Array, Reading, as_numbers, category_counts, reading_of
from lifecycle.reference.variation import alarm_rate, by_day, with_variation
from lifecycle.signature import Feature, Label, Signature

MAX_PLOT_ROWS = 5000

_DROPPED = "Its privacy is drop: the log does not keep it."
_UNREADABLE = "The reference's values can't be read as the signature says: {}."


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """n rows as the log would keep them. `days` names each row's day; `holdout` tells which rows the model was
    not trained on. Scores and everything about performance come from these alone, or from all when None.
    """

    columns: Columns
    scores: Mapping[str, ScoreColumn]
    rows: int
    days: Sequence[Any] | None = None
    holdout: Array | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """What else the labelled reference taught, by output where there are several."""

    importances: Mapping[str, float]
    calibrations: Mapping[str, Calibration]
    baselines: Mapping[str, Mapping[str, Baseline]]


NOTHING_LEARNED = Learned({}, {}, {})


def build_profile(
    signature: Signature, reference: Reference, learned: Learned = NOTHING_LEARNED, *, seed: int = 0
) -> Profile:
    """A feature that can't be profiled costs only itself; the profile says why."""
    features, unprofiled = _features(signature, reference)
    kept = np.arange(reference.rows) if reference.holdout is None else np.flatnonzero(reference.holdout)
    scores = {
        name: _column(name, reading, _take(values, kept), ())
        for name, (reading, values) in reference.scores.items()
    }
    profile = Profile(
        features,
        scores,
        unprofiled,
        "unknown-fold" if reference.holdout is None else "holdout",
        learned.importances,
        learned.calibrations,
        learned.baselines,
        plot_rows=_plot_rows(signature, reference, frozenset(features), seed),
    )
    return profile if reference.days is None else _with_days(profile, reference, reference.days, kept)


def _features(signature: Signature, reference: Reference) -> tuple[dict[str, Column], dict[str, str]]:
    columns: dict[str, Column] = {}
    unprofiled: dict[str, str] = {}
    for feature in signature.inputs:
        try:
            columns[feature.name] = _feature_column(feature, reference.columns)
        except _NotProfiled as problem:
            unprofiled[feature.name] = str(problem)
    return columns, unprofiled


class _NotProfiled(Exception):  # noqa: N818 - an answer on its way to the profile, not an error
    pass


def _feature_column(feature: Feature, columns: Columns) -> Column:
    if feature.privacy == "drop":
        raise _NotProfiled(_DROPPED)
    values = columns.get(feature.name)
    if values is None:
        raise _NotProfiled("The reference does not have this column.")
    try:
        reading: Reading = "category" if feature.privacy == "hash" else reading_of(feature.kind)
        return _column(feature.name, reading, values, feature.categories)
    except (ValueError, TypeError, OverflowError) as problem:
        raise _NotProfiled(_UNREADABLE.format(type(problem).__name__)) from problem


def _column(name: str, reading: Reading, values: Sequence[Any] | Array, known: tuple[Label, ...]) -> Column:
    if reading == "category":
        bins = category_bins(category_counts(values)[0], known)
        return Column(name, reading, bins, count_values(bins, reading, values))
    edges = number_bins(as_numbers(values, reading))
    return Column(name, reading, edges, count_values(edges, reading, values))


def _with_days(profile: Profile, reference: Reference, days: Sequence[Any], kept: Array) -> Profile:
    features = {
        name: by_day(column, reference.columns[name], days) for name, column in profile.features.items()
    }
    scored = [days[row] for row in kept]
    scores = {
        name: by_day(column, _take(reference.scores[name][1], kept), scored)
        for name, column in profile.scores.items()
    }
    together = {(kind, name): each for kind, of in enumerate((features, scores)) for name, each in of.items()}
    varied = with_variation(together)
    return replace(
        profile,
        features={name: varied[0, name] for name in features},
        scores={name: varied[1, name] for name in scores},
        reference_alarms=alarm_rate(together),
    )


def _plot_rows(
    signature: Signature, reference: Reference, profiled: frozenset[str], seed: int
) -> dict[str, tuple[Any, ...]]:
    """The same random rows of every column that is neither private nor free text."""
    rows = np.sort(np.random.default_rng(seed).permutation(reference.rows)[:MAX_PLOT_ROWS])
    return {
        feature.name: tuple(_take(reference.columns[feature.name], rows))
        for feature in signature.inputs
        if feature.name in profiled and feature.privacy == "keep" and feature.kind != "text"
    }


def _take(values: Sequence[Any] | Array, rows: Array) -> Sequence[Any]:
    if isinstance(values, np.ndarray):
        taken: list[Any] = values[rows].tolist()
        return taken
    return [values[row] for row in rows]
