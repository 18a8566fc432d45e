"""One column of a night beside the same column of a reference: every test, every effect, no verdict yet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from lifecycle.drift.statistics import (
    Distance,
    benjamini_hochberg,
    changed_share,
    chi_squared,
    kolmogorov_smirnov,
    psi,
)
from lifecycle.profile.bins import NumberBins
from lifecycle.profile.counts import ColumnCounts
from lifecycle.profile.profile import Column
from lifecycle.profile.values import Array

Q = 0.02

TestName = Literal["ks", "chi2", "psi", "missing", "unseen"]


@dataclass(frozen=True, slots=True)
class ColumnTest:
    """`significant` within its family."""

    name: TestName
    p: float
    significant: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """`distance` is D for numbers and V for categories (None where neither sample of numbers has any).

    `psi` is corrected; changes are in shares of all rows, from -1 to 1.
    """

    name: str
    numeric: bool
    rows: int
    reference_rows: int
    distance: float | None
    psi: float
    psi_raw: float
    missing: float
    missing_change: float
    unseen: float
    unseen_change: float
    tests: tuple[ColumnTest, ...]

    @property
    def significant(self) -> bool:
        return any(test.significant for test in self.tests)

    @property
    def change(self) -> float:
        """The larger change of missing or unseen values, as a share."""
        return max(abs(self.missing_change), abs(self.unseen_change))


def compare(column: Column, current: ColumnCounts, reference: ColumnCounts | None = None) -> Comparison:
    """Compare with the profile's reference, or with other counts in its bins. Both need at least one row."""
    before = _fresh(column) if reference is None else reference
    distance = _distance(column, before, current)
    index = psi(coarse(column, before), coarse(column, current))
    return Comparison(
        column.name,
        isinstance(column.bins, NumberBins),
        current.rows,
        before.rows,
        None if distance is None else distance.value,
        index.value,
        index.raw,
        current.missing / current.rows,
        current.missing / current.rows - before.missing / before.rows,
        current.unseen / current.rows,
        current.unseen / current.rows - before.unseen / before.rows,
        tuple(_tests(column, before, current, distance, index.p)),
    )


def _fresh(column: Column) -> ColumnCounts:
    if isinstance(column.bins, NumberBins):
        return column.reference
    bins, unseen = column.bins.as_fresh(column.reference.bins)
    return replace(column.reference, bins=bins, unseen=unseen)


def coarse(column: Column, counts: ColumnCounts) -> Array:
    """The bins of PSI: about ten of a number, or at most 19 categories, other and unseen; then missing."""
    bins = column.bins.coarse(counts.bins)
    if isinstance(column.bins, NumberBins):
        return np.append(bins, counts.missing)
    return np.append(bins, [counts.unseen, counts.missing])


def _distance(column: Column, before: ColumnCounts, current: ColumnCounts) -> Distance | None:
    if not isinstance(column.bins, NumberBins):
        return chi_squared(*_occupied(coarse(column, before), coarse(column, current)))
    if not before.present or not current.present:
        return None
    return kolmogorov_smirnov(before.bins, current.bins)


def _occupied(reference: Array, current: Array) -> tuple[Array, Array]:
    used = reference + current > 0
    return reference[used], current[used]


def _tests(
    column: Column, before: ColumnCounts, current: ColumnCounts, distance: Distance | None, psi_p: float
) -> Iterator[ColumnTest]:
    if distance is not None:
        yield ColumnTest("ks" if isinstance(column.bins, NumberBins) else "chi2", distance.p)
    yield ColumnTest("psi", psi_p)
    missing = changed_share(before.missing, before.rows, current.missing, current.rows)
    if missing is not None:
        yield ColumnTest("missing", missing)
    unseen = changed_share(before.unseen, before.rows, current.unseen, current.rows)
    if unseen is not None:
        yield ColumnTest("unseen", unseen)


def as_family(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """The same comparisons with every test marked that stands up among all of them together."""
    family = tuple(comparisons)
    verdicts = iter(benjamini_hochberg(np.array([test.p for each in family for test in each.tests]), Q))
    return tuple(
        replace(each, tests=tuple(replace(test, significant=bool(next(verdicts))) for test in each.tests))
        for each in family
    )
