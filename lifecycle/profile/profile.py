"""The profile of a reference, and counting rows against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lifecycle.performance.baseline import Baseline
from lifecycle.performance.calibration import Calibration
from lifecycle.profile.bins import Bins, NumberBins
from lifecycle.profile.counts import ColumnCounts, Counts, moments_of
from lifecycle.profile.values import Array, Reading, as_numbers, category_counts

FORMAT = 1
IMPORTANT = 10

Columns = Mapping[str, Sequence[Any] | Array]
Fold = Literal["holdout", "unknown-fold"]


@dataclass(frozen=True, slots=True)
class Variation:
    """How far a day of the reference is from its other days: 95th percentiles over `days` days.

    `distance` is D without sampling for numbers and Cramér's V for categories; `psi` is the corrected PSI; `change`
    is the larger change of the missing and the unseen share. `found_…` are the limits of what is found: decided for
    all columns together, so that few days have any finding.
    """

    days: int
    distance: float
    psi: float
    change: float
    found_distance: float = 0.0
    found_psi: float = 0.0
    found_change: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One feature or score in the reference: its frozen bins and what was counted in them."""

    name: str
    reading: Reading
    bins: Bins
    reference: ColumnCounts
    variation: Variation | None = None

    def count(self, values: Sequence[Any] | Array) -> ColumnCounts:
        """Count n values. What can't be read never raises: the counts say why instead."""
        try:
            return count_values(self.bins, self.reading, values)
        except (ValueError, TypeError, OverflowError, AttributeError) as problem:
            return self.unreadable(len(values), f"Its values can't be read: {type(problem).__name__}.")

    def unreadable(self, rows: int, reason: str) -> ColumnCounts:
        return ColumnCounts(rows, 0, np.zeros(self.bins.fine, dtype=np.int64), broken=reason)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Built once, at registration; kept in the bundle.

    `unprofiled`: features that can't be compared, with the reason. `importances`: by feature, how much worse
    the primary metric gets when its column is shuffled. `reference_alarms`: the share of the reference's own
    days that would be watch or above, each judged against the others. `plot_rows`: columns of a few rows.
    """

    features: Mapping[str, Column]
    scores: Mapping[str, Column]
    unprofiled: Mapping[str, str] = field(default_factory=dict)
    fold: Fold = "unknown-fold"
    importances: Mapping[str, float] = field(default_factory=dict)
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, Baseline]] = field(default_factory=dict)
    reference_alarms: float | None = None
    plot_rows: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def important(self) -> frozenset[str]:
        """The ten features that matter most, or all of them when importances are unknown."""
        if not self.importances:
            return frozenset(self.features) | frozenset(self.unprofiled)
        ranked = sorted(self.importances, key=lambda name: (-self.importances[name], name))
        return frozenset(ranked[:IMPORTANT])


def count(profile: Profile, columns: Columns, scores: Columns, rows: int) -> Counts:
    """Count one segment of `rows` rows. A column that is absent or can't be read costs only itself."""
    return Counts(
        rows,
        {name: _counted(column, columns, rows) for name, column in profile.features.items()},
        {name: _counted(column, scores, rows) for name, column in profile.scores.items()},
    )


def _counted(column: Column, columns: Columns, rows: int) -> ColumnCounts:
    values = columns.get(column.name)
    if values is None:
        return column.unreadable(rows, "The column is not in the data.")
    if len(values) != rows:
        return column.unreadable(rows, f"The column has {len(values)} values for {rows} rows.")
    return column.count(values)


def count_values(bins: Bins, reading: Reading, values: Sequence[Any] | Array) -> ColumnCounts:
    """Raises ValueError or TypeError for values that are not what the reading takes."""
    if isinstance(bins, NumberBins):
        numbers = as_numbers(values, reading)
        absent = np.isnan(numbers)
        present = numbers[~absent] if absent.any() else numbers
        return ColumnCounts(
            len(numbers), len(numbers) - len(present), bins.count(present), moments=moments_of(present)
        )
    counted, missing = category_counts(values)
    fine, unseen = bins.count(counted)
    return ColumnCounts(len(values), missing, fine, unseen)


def strange_share(profile: Profile, counts: Counts) -> float:
    """The share of rows in regions that the reference never saw, of the feature where it is largest: beyond its
    range or unseen. Estimates without labels do not hold there.
    """
    shares = [
        _strange(column, counts.features[name])
        for name, column in profile.features.items()
        if counts.features[name].rows and not counts.features[name].broken
    ]
    return max(shares, default=0.0)


def _strange(column: Column, current: ColumnCounts) -> float:
    if not isinstance(column.bins, NumberBins):
        return current.unseen / current.rows
    before = column.reference.bins[[0, -1]] / column.reference.rows
    beyond = current.bins[[0, -1]] / current.rows - before
    return float(beyond.clip(0).sum())
