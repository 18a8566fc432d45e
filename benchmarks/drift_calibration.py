"""How often a night alarms when nothing drifted, and how often a small shift is found.

    python benchmarks/drift_calibration.py [--nights 2000] [--reference-rows 20000] [--seed 0]

Nights are drawn as counts per frozen bin, from the true distribution and not from the reference's sample of it:
a million rows cost what 200 do, and the error of the reference is part of the figures. Every 5 nights get a new
reference. 20 features: 14 numbers (bell curves, small integers), 6 with categories (3 to 400 of them), a third
with missing values; and one score.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, poisson

from lifecycle.drift.judge import judge
from lifecycle.drift.report import DriftReport
from lifecycle.performance.intervals import wilson
from lifecycle.profile.bins import CategoryBins, NumberBins, category_bins, number_bins
from lifecycle.profile.counts import ColumnCounts, Counts
from lifecycle.profile.profile import Column, Profile
from lifecycle.profile.values import Array

ROWS = (200, 500, 1_000, 2_000, 10_000, 100_000, 1_000_000)
SHIFTS = ((0.2, 2_000), (0.3, 1_000))
SHIFTED = "bell_0"
NIGHTS_A_REFERENCE = 5

Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Source:
    """The true distribution of one column: a cumulative function of numbers, or shares of categories."""

    name: str
    cumulative: Callable[[Array], Array] | None = None
    sample: Callable[[Random, int], Array] | None = None
    shares: tuple[float, ...] = ()
    missing: float = 0.0


def sources() -> tuple[Source, ...]:
    bells = [_bell(f"bell_{i}", 0.0 if i % 3 else 0.01 * i) for i in range(12)]
    small = [_small_integers(f"integer_{i}", mean) for i, mean in enumerate((0.3, 4.0))]
    categories = [_zipf(f"category_{k}", k, 0.02 * (k % 3)) for k in (2, 3, 10, 25, 100, 400)]
    return (*bells, *small, *categories)


def _bell(name: str, missing: float) -> Source:
    return Source(name, norm.cdf, lambda random, rows: random.normal(size=rows), missing=missing)


def _small_integers(name: str, mean: float) -> Source:
    return Source(
        name,
        lambda edges: poisson.cdf(edges, mean),
        lambda random, rows: random.poisson(mean, rows).astype(np.float64),
    )


def _zipf(name: str, categories: int, missing: float) -> Source:
    weights = 1 / np.arange(1, categories + 1)
    return Source(name, shares=tuple(weights / weights.sum()), missing=missing)


def draw_profile(random: Random, rows: int) -> Profile:
    columns = {source.name: _reference_column(source, random, rows) for source in sources()}
    return Profile(columns, {"score": _reference_column(_bell("score", 0.0), random, rows)}, fold="holdout")


def _reference_column(source: Source, random: Random, rows: int) -> Column:
    missing = random.binomial(rows, source.missing)
    present = rows - missing
    if source.sample is None:
        counted = random.multinomial(present, source.shares)
        categories = category_bins({str(i): int(times) for i, times in enumerate(counted) if times})
        fine, unseen = categories.count({str(i): int(times) for i, times in enumerate(counted)})
        return Column(source.name, "category", categories, ColumnCounts(rows, missing, fine, unseen))
    numbers = source.sample(random, present)
    bins = number_bins(numbers)
    return Column(source.name, "number", bins, ColumnCounts(rows, missing, bins.count(numbers)))


def draw_night(profile: Profile, random: Random, rows: int, shift: float = 0.0) -> Counts:
    """One night of `rows` rows; `shift` moves one bell curve by that many standard deviations."""
    features = {
        source.name: draw_column(
            source, profile.features[source.name], random, rows, shift * (source.name == SHIFTED)
        )
        for source in sources()
    }
    return Counts(
        rows, features, {"score": draw_column(_bell("score", 0.0), profile.scores["score"], random, rows)}
    )


def draw_column(
    source: Source, column: Column, random: Random, rows: int, shift: float = 0.0
) -> ColumnCounts:
    missing = random.binomial(rows, source.missing)
    if isinstance(column.bins, CategoryBins):
        counted = random.multinomial(rows - missing, source.shares)
        fine, unseen = column.bins.count({str(i): int(times) for i, times in enumerate(counted) if times})
        return ColumnCounts(rows, missing, fine, unseen)
    return ColumnCounts(
        rows, missing, random.multinomial(rows - missing, _bin_shares(source, column.bins, shift))
    )


def _bin_shares(source: Source, bins: NumberBins, shift: float) -> Array:
    if source.cumulative is None:
        raise ValueError(source.name)
    below = np.concatenate([[0.0], source.cumulative(bins.edges - shift), [1.0]])
    return np.diff(below)


def nights(
    count: int, rows: int, reference_rows: int, seed: int, shift: float = 0.0
) -> Iterator[DriftReport]:
    """`count` judged nights of `rows` rows."""
    for profile, counts in drawn_nights(count, rows, reference_rows, seed, shift):
        yield judge(profile, counts)


def drawn_nights(
    count: int, rows: int, reference_rows: int, seed: int, shift: float = 0.0
) -> Iterator[tuple[Profile, Counts]]:
    random = np.random.default_rng([seed, rows])
    for night in range(count):
        if night % NIGHTS_A_REFERENCE == 0:
            profile = draw_profile(random, reference_rows)
        yield profile, draw_night(profile, random, rows, shift)


def alarmed(report: DriftReport) -> bool:
    return bool(report.found)


def found_shift(report: DriftReport) -> bool:
    return any(finding.name == SHIFTED for finding in report.found)


def with_outlier(profile: Profile, counts: Counts) -> Counts:
    """One ordinary value of the first bell curve becomes 1e300."""
    column = counts.features[SHIFTED]
    bins = column.bins.copy()
    bins[int(bins.argmax())] -= 1
    bins += profile.features[SHIFTED].bins.count(np.array([1e300]))  # type: ignore[arg-type]
    outlying = ColumnCounts(column.rows, column.missing, bins)
    return Counts(counts.rows, {**counts.features, SHIFTED: outlying}, counts.scores)


def changed_verdicts(count: int, rows: int, reference_rows: int, seed: int, shift: float = 0.0) -> int:
    """In how many nights one absurd outlier changes the severity of the column it is in."""
    changed = 0
    for profile, counts in drawn_nights(count, rows, reference_rows, seed, shift):
        plain = judge(profile, counts)
        outlying = judge(profile, with_outlier(profile, counts))
        changed += plain.features[0].severity is not outlying.features[0].severity
    return changed


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--nights", type=int, default=2000)
    options.add_argument("--reference-rows", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    size = (asked.nights, asked.reference_rows, asked.seed)
    print(f"{size[0]} nights each, references of {size[1]:,} rows, seed {size[2]}\n")
    print("  nothing drifted: nights with any alarm")
    for rows in ROWS:
        _print_share(rows, [alarmed(report) for report in nights(size[0], rows, *size[1:])])
    print("  one feature of 20 shifted: nights that found it")
    for shift, rows in SHIFTS:
        _print_share(rows, [found_shift(report) for report in nights(size[0], rows, *size[1:], shift)], shift)
    print("  one value replaced by 1e300: nights whose verdict changed")
    for shift, rows in ((0.0, 200), (0.0, 1_000), *SHIFTS):
        print(
            f"  n = {rows:>9,}  shift {shift}: {changed_verdicts(size[0], rows, *size[1:], shift)} of {size[0]}"
        )


def _print_share(rows: int, outcomes: list[bool], shift: float = 0.0) -> None:
    low, high = wilson(sum(outcomes), len(outcomes))
    told = f"  shift {shift} sd" if shift else ""
    print(f"  n = {rows:>9,}{told}: {np.mean(outcomes):.2%}  (95 %: {low:.2%} to {high:.2%})", flush=True)


if __name__ == "__main__":
    main()
