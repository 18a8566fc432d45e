"""Tests of two samples that are known only by their counts in the same bins. All p-values are two-sided."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc
from scipy.stats import fisher_exact, kstwo

from lifecycle.profile.values import Array

_MIN_EXPECTED = 5


@dataclass(frozen=True, slots=True)
class Psi:
    """`raw` with half a count in every bin; `value` less what sampling alone gives, (B-1)(1/n + 1/m), never
    below 0; `p` by chi-squared of raw/(1/n + 1/m) over pooled bins.
    """

    raw: float
    value: float
    p: float


@dataclass(frozen=True, slots=True)
class Distance:
    """`value` is Kolmogorov's D or Cramér's V, from 0 to 1."""

    value: float
    p: float


def psi(reference: Array, current: Array) -> Psi:
    """Of k counts each, missing among them. A bin that is empty in both samples is no bin."""
    used = reference + current > 0
    scale = 1 / current.sum() + 1 / reference.sum()
    raw = _raw_psi(reference[used], current[used])
    pooled_reference, pooled_current = pooled(reference[used], current[used])
    p = _chi_squared_p(_raw_psi(pooled_reference, pooled_current) / scale, len(pooled_current) - 1)
    return Psi(raw, max(0.0, raw - (int(used.sum()) - 1) * float(scale)), p)


def _raw_psi(reference: Array, current: Array) -> float:
    expected = (reference + 0.5) / (reference + 0.5).sum()
    actual = (current + 0.5) / (current + 0.5).sum()
    return float(((actual - expected) * np.log(actual / expected)).sum())


def kolmogorov_smirnov(reference: Array, current: Array) -> Distance:
    """D over the edges between k fine bins, without missing values; p as scipy's asymptotic one."""
    m, n = int(reference.sum()), int(current.sum())
    d = float(np.abs(np.cumsum(reference) / m - np.cumsum(current) / n).max())
    return Distance(d, float(kstwo.sf(d, np.round(m * n / (m + n)))))


def chi_squared(reference: Array, current: Array) -> Distance:
    """The 2 by k test of homogeneity over pooled bins, and Cramér's V of that table."""
    table = np.stack(pooled(reference, current)).astype(np.float64)
    total = table.sum()
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / total
    statistic = float((np.square(table - expected) / expected).sum())
    return Distance(float(np.sqrt(statistic / total)), _chi_squared_p(statistic, table.shape[1] - 1))


def pooled(reference: Array, current: Array) -> tuple[Array, Array]:
    """Bins whose expected count in the smaller sample is below 5 become one bin, with the smallest good bin
    where they do not reach 5 even together. Only the sums over both samples decide: the test stays honest.
    """
    together = reference + current
    smaller = min(reference.sum(), current.sum())
    expected = smaller * together / together.sum()
    order = np.argsort(expected)
    small = int((expected < _MIN_EXPECTED).sum())
    if small and expected[order[:small]].sum() < _MIN_EXPECTED:
        small += 1
    joined, kept = order[:small], np.sort(order[small:])
    if not small:
        return reference, current
    return (
        np.append(reference[kept], reference[joined].sum()),
        np.append(current[kept], current[joined].sum()),
    )


def changed_share(before: int, of_before: int, now: int, of_now: int) -> float | None:
    """Fisher's exact p for a share; None where neither sample has one: there is nothing to test."""
    if not before and not now:
        return None
    return float(fisher_exact([[now, of_now - now], [before, of_before - before]]).pvalue)


def benjamini_hochberg(p: Array, q: float) -> Array:
    """Which of the tests of one family are significant when a share of at most q of these may be false."""
    if not len(p):
        return np.zeros(0, dtype=bool)
    order = np.argsort(p)
    passed = np.flatnonzero(p[order] <= q * np.arange(1, len(p) + 1) / len(p))
    return p <= (p[order][passed[-1]] if len(passed) else -1.0)


def _chi_squared_p(statistic: float, degrees: int) -> float:
    return float(chdtrc(degrees, statistic)) if degrees > 0 else 1.0
