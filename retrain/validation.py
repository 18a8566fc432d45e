"""Are these data what the model was made for? Drift is why one retrains; a broken source is why one must not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.drift.statistics import psi
from lifecycle.profile.bins import NumberBins
from lifecycle.profile.counts import ColumnCounts
from lifecycle.profile.profile import Column, Profile
from lifecycle.profile.values import Array, as_numbers
from lifecycle.reference.labelled import LabelledReference
from lifecycle.signature import Feature, Signature
from retrain.labelled_rows import LabelledRows
from retrain.maturity import DAY_MS
from retrain.stopped import TrainingStoppedError
from retrain.units import far_outside, unit_change

MISSING_RISE = 0.5
UNSEEN_RISE = 0.5
SILENT_DAYS_SHARE = 0.05
MIN_DAY_ROWS = 50
MOST_UNFIT = 0.01
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Unlike:
    """A feature whose values differ between rows that got a label and rows that got none."""

    feature: str
    psi: float


def check_rows(signature: Signature, rows: LabelledRows) -> LabelledRows:
    """Without the few rows that the service would have refused. Raises TrainingStoppedError for more than 1 %."""
    fits: Array = np.ones(len(rows), dtype=bool)
    unfit: list[str] = []
    for feature in signature.inputs:
        ok = np.array([_allowed(feature, value) for value in rows.columns[feature.name]], dtype=bool)
        if not ok.all():
            unfit.append(f"{feature.name} ({int((~ok).sum()):,} rows)")
        fits &= ok
    if len(rows) and (~fits).mean() > MOST_UNFIT:
        raise TrainingStoppedError(
            f"{(~fits).mean():.1%} of the rows are not what the signature takes: {', '.join(unfit)}.",
            fix="They came by an import or from another version: correct them at their source.",
        )
    return rows.where(fits)


def check_columns(
    signature: Signature, profile: Profile, base: LabelledReference, rows: LabelledRows
) -> tuple[str, ...]:
    """Raises TrainingStoppedError naming every column that looks broken rather than drifted; what is fine is told."""
    broken = [sentence for feature in signature.inputs for sentence in _broken(feature, profile, base, rows)]
    if broken:
        raise TrainingStoppedError(
            f"The data look broken at their source: {' '.join(broken)}",
            fix="Mend the source, or tell why it is right by registering a model with a new reference.",
        )
    return (f"{len(signature.inputs)} columns of {len(rows):,} rows: none is broken.",)


def unlike_the_labelled(
    profile: Profile, labelled: Mapping[str, Sequence[Any]], unlabelled: Mapping[str, Sequence[Any]]
) -> tuple[Unlike, ...]:
    """The important features that differ most between labelled and unlabelled rows, in the profile's bins."""
    found = []
    for name in sorted(profile.important & profile.features.keys()):
        column = profile.features[name]
        with_label, without = column.count(labelled[name]), column.count(unlabelled[name])
        if with_label.rows and without.rows and not with_label.broken and not without.broken:
            found.append(Unlike(name, psi(_coarse(column, with_label), _coarse(column, without)).value))
    return tuple(sorted(found, key=lambda one: -one.psi)[:SHOWN])


def _coarse(column: Column, counts: ColumnCounts) -> Array:
    bins = column.bins.coarse(counts.bins)
    beside = [counts.missing] if isinstance(column.bins, NumberBins) else [counts.unseen, counts.missing]
    return np.append(bins, beside)


def _allowed(feature: Feature, value: Any) -> bool:
    if value is None:
        return feature.nullable
    return feature.kind != "category" or feature.unknown == "accept" or value in feature.categories


def _broken(feature: Feature, profile: Profile, base: LabelledReference, rows: LabelledRows) -> Iterator[str]:
    column = profile.features.get(feature.name)
    if column is None or not len(rows):
        return
    values = rows.columns[feature.name]
    counts = column.count(values)
    if counts.broken:
        yield f"{feature.name}: {counts.broken}"
        return
    yield from _gone(feature.name, column, counts)
    yield from _silent(feature.name, values, rows.at_ms, column)
    if isinstance(column.bins, NumberBins) and column.reading == "number":
        yield from _measured_otherwise(column, base.columns[feature.name], rows)


def _gone(name: str, column: Column, counts: ColumnCounts) -> Iterator[str]:
    """Missing or never seen where it used to be there; one value where it used to have many."""
    before = column.reference
    missing, was_missing = counts.missing / counts.rows, before.missing / max(1, before.rows)
    if missing - was_missing >= MISSING_RISE:
        yield f"{name} is missing in {missing:.0%} of rows; it was in {was_missing:.0%}."
    unseen = counts.unseen / counts.rows
    if (
        not isinstance(column.bins, NumberBins)
        and unseen - before.unseen / max(1, before.rows) >= UNSEEN_RISE
    ):
        yield f"{name} has values that the reference never had in {unseen:.0%} of rows."
    varied = before.moments.n and before.moments.low < before.moments.high
    if varied and counts.moments.n > MIN_DAY_ROWS and counts.moments.low == counts.moments.high:
        yield f"{name} is {counts.moments.low:g} in every row."


def _silent(name: str, values: Sequence[Any], at_ms: Sequence[int], column: Column) -> Iterator[str]:
    """Days on which a column that is rarely missing is missing altogether."""
    if column.reference.missing / max(1, column.reference.rows) > 0.5:
        return
    days = np.asarray(at_ms) // DAY_MS
    missing = np.array([value is None for value in values])
    found, places = np.unique(days, return_inverse=True)
    rows, gaps = np.bincount(places), np.bincount(places, weights=missing)
    silent = (rows >= MIN_DAY_ROWS) & (gaps == rows)
    if silent.any() and silent.sum() / len(found) >= SILENT_DAYS_SHARE:
        yield f"{name} is missing all day on {int(silent.sum())} of {len(found)} days."


def _measured_otherwise(column: Column, before: Sequence[Any], rows: LabelledRows) -> Iterator[str]:
    name = column.name
    reference, values = as_numbers(before, "number"), as_numbers(rows.columns[name], "number")
    if far_outside(reference, values):
        yield f"{name} lies far outside everything that the reference has."
        return
    usual = column.variation.distance if column.variation else 0.0
    changed = unit_change(reference, values, np.asarray(rows.at_ms), usual=usual)
    if changed is not None:
        yield f"{name} changed its unit: its median went from {changed.before:.4g} to {changed.after:.4g}, {changed.how}."
