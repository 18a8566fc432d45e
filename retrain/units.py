"""A column whose unit changed: its newer values are its older ones by another measure. Drift is no such thing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from lifecycle.profile.values import Array
from retrain.maturity import DAY_MS

APART = 0.4  # D between the two stretches: less is drift, and what retraining is for
ALIKE = 0.08  # D once the older values are converted
BETTER = 0.6  # and this much of the D that is left when they are merely moved: moving is what drift does
STRETCH_DAYS = 7
MIN_VALUES = 100
MOST_VALUES = 2000
FAR_OUTSIDE = 3  # ranges of the reference

Convert = Callable[[Array], Array]


def _times(factor: float) -> Convert:
    return lambda values: values * factor


_FACTORS = {
    "a hundred times": 100.0,
    "a thousand times": 1000.0,
    "ten times": 10.0,
    "miles for kilometres": 1.609344,
    "pounds for kilograms": 2.20462,
    "feet for metres": 3.28084,
    "inches for centimetres": 2.54,
    "hours for minutes": 60.0,
    "knots for metres a second": 1.94384,
}
CONVERSIONS: dict[str, Convert] = {
    **{f"as if {name}": _times(factor) for name, factor in _FACTORS.items()},
    **{f"as if {name}, the other way round": _times(1 / factor) for name, factor in _FACTORS.items()},
    "as if Fahrenheit had become Celsius": lambda values: (values - 32) / 1.8,
    "as if Celsius had become Fahrenheit": lambda values: values * 1.8 + 32,
    "as if Celsius had become Kelvin": lambda values: values + 273.15,
    "with the opposite sign": lambda values: -values,
}


@dataclass(frozen=True, slots=True)
class UnitChange:
    """`before` and `after` are medians."""

    how: str
    before: float
    after: float


def unit_change(reference: Array, values: Array, at_ms: Array, *, usual: float = 0.0) -> UnitChange | None:
    """Of one numeric column (NaN is missing), by the reference and by each week against the one before it.

    `usual` is the D that the reference's own days show. A column that jumps by itself, like the weather, has to jump
    further than that.
    """
    apart = max(APART, min(0.95, 1.25 * usual))
    for before, after in ((reference, values), *_neighbours(values, at_ms)):
        found = _converted(_some(before), _some(after), apart)
        if found is not None:
            return found
    return None


def far_outside(reference: Array, values: Array) -> bool:
    """Whether half of the values lie further from the reference's range than three times that range."""
    known, present = reference[~np.isnan(reference)], values[~np.isnan(values)]
    if len(known) < MIN_VALUES or len(present) < MIN_VALUES:
        return False
    low, high = float(known.min()), float(known.max())
    reach = FAR_OUTSIDE * max(high - low, abs(high), 1e-9)
    median = float(np.median(present))
    return median < low - reach or median > high + reach


def _neighbours(values: Array, at_ms: Array) -> Iterator[tuple[Array, Array]]:
    days = at_ms // DAY_MS
    for day in np.unique(days)[1:]:
        before = (days < day) & (days >= day - STRETCH_DAYS)
        after = (days >= day) & (days < day + STRETCH_DAYS)
        yield values[before], values[after]


def _converted(before: Array, after: Array, apart: float) -> UnitChange | None:
    if len(before) < MIN_VALUES or len(after) < MIN_VALUES or distance(before, after) < apart:
        return None
    if len(np.unique(before)) < 10:  # a handful of values: any of them may be more frequent tomorrow
        return None
    distances = {how: distance(convert(before), after) for how, convert in CONVERSIONS.items()}
    how = min(distances, key=distances.__getitem__)
    moved = distance(before + (np.median(after) - np.median(before)), after)
    if distances[how] > min(ALIKE, BETTER * moved):
        return None
    return UnitChange(how, float(np.median(before)), float(np.median(after)))


def distance(one: Array, other: Array) -> float:
    """Kolmogorov's D between two samples."""
    first, second = np.sort(one), np.sort(other)
    places = np.concatenate([first, second])
    below = np.searchsorted(first, places, side="right") / len(first)
    return float(np.abs(below - np.searchsorted(second, places, side="right") / len(second)).max())


def _some(values: Array) -> Array:
    """At most 2,000 of the present values, evenly spread: enough for a D of 0.08."""
    present = values[~np.isnan(values)]
    return present[:: max(1, -(-len(present) // MOST_VALUES))]
