"""What is counted, segment by segment, and summed: the order of segments and how they were cut never matter."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from lifecycle.profile.values import Array


@dataclass(frozen=True, slots=True)
class Moments:
    """Of the finite numbers: how many, their range, mean, and `m2`, the sum of squared distances from it."""

    n: int = 0
    low: float = math.inf
    high: float = -math.inf
    mean: float = 0.0
    m2: float = 0.0

    @property
    def sd(self) -> float:
        return math.sqrt(self.m2 / self.n) if self.n else math.nan


@dataclass(frozen=True, slots=True, eq=False)
class ColumnCounts:
    """One column over `rows` rows: `bins` are the fine bins; missing and unseen values stand beside them.

    `broken` tells why the column could not be read in at least one segment; its counts then mean nothing.
    """

    rows: int
    missing: int
    bins: Array
    unseen: int = 0
    moments: Moments = field(default_factory=Moments)
    broken: str = ""

    @property
    def present(self) -> int:
        return self.rows - self.missing


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Counts of a stretch of rows against one profile: features by name, scores by name."""

    rows: int
    features: Mapping[str, ColumnCounts]
    scores: Mapping[str, ColumnCounts]


def moments_of(numbers: Array) -> Moments:
    """Of n numbers; what is not finite is left out. One absurd number may make mean and m2 huge, never an error."""
    good = np.isfinite(numbers)
    finite = numbers if good.all() else numbers[good]
    if not len(finite):
        return Moments()
    with np.errstate(over="ignore"):
        total = float(np.sum(finite))
        mean = total / len(finite) if np.isfinite(total) else float(np.sum(finite / len(finite)))
        apart = finite - mean
        spread = float(np.sum(np.square(apart, out=apart)))
    return Moments(len(finite), float(finite.min()), float(finite.max()), mean, spread)


def merge_moments(first: Moments, second: Moments) -> Moments:
    """Exactly the moments of both together (Chan's formula), but for the last bits of floating point."""
    if not first.n or not second.n:
        return first if first.n else second
    n = first.n + second.n
    apart = second.mean - first.mean
    return Moments(
        n,
        min(first.low, second.low),
        max(first.high, second.high),
        first.mean * (first.n / n) + second.mean * (second.n / n),
        first.m2 + second.m2 + apart * apart * (first.n * second.n / n),
    )


def merge_columns(first: ColumnCounts, second: ColumnCounts) -> ColumnCounts:
    reasons = sorted(filter(None, {first.broken, second.broken}))
    return ColumnCounts(
        first.rows + second.rows,
        first.missing + second.missing,
        first.bins + second.bins,
        first.unseen + second.unseen,
        merge_moments(first.moments, second.moments),
        reasons[0] if reasons else "",
    )


def without(whole: ColumnCounts, part: ColumnCounts) -> ColumnCounts:
    """The rest of a column when one of its parts is taken out; moments can't be taken out and are left empty."""
    return ColumnCounts(
        whole.rows - part.rows,
        whole.missing - part.missing,
        whole.bins - part.bins,
        whole.unseen - part.unseen,
        broken=whole.broken or part.broken,
    )


def merge(first: Counts, *others: Counts) -> Counts:
    """Counts of all the rows together. All must have been counted against the same profile."""
    return reduce(_merge_two, others, first)


def _merge_two(first: Counts, second: Counts) -> Counts:
    return Counts(
        first.rows + second.rows,
        _each(merge_columns, first.features, second.features),
        _each(merge_columns, first.scores, second.scores),
    )


def _each(
    join: Callable[[ColumnCounts, ColumnCounts], ColumnCounts],
    first: Mapping[str, ColumnCounts],
    second: Mapping[str, ColumnCounts],
) -> dict[str, ColumnCounts]:
    if first.keys() != second.keys():
        raise ValueError("Counts of different profiles can't be merged.")
    return {name: join(column, second[name]) for name, column in first.items()}
