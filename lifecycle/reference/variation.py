"""How much the reference differs from itself by day, so that nights are not blamed for what is normal."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from lifecycle.drift.comparison import Comparison, as_family, compare
from lifecycle.drift.severity import beyond_sampling, guards_for, reached
from lifecycle.profile.counts import without
from lifecycle.profile.profile import Column, Variation
from lifecycle.profile.values import Array
from lifecycle.reference.widening import DayEffects, found_share, odds, share_of, widened

MIN_DAY_ROWS = 200
MIN_DAYS = 14
_NORMAL = 0.95
_KINDS = 3

ByDay = dict[str, Comparison]
Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class DailyColumn:
    """A column and, for each full day, the comparison of that day with all the others."""

    column: Column
    days: ByDay


def by_day(column: Column, values: Sequence[Any] | Array, days: Sequence[Any]) -> DailyColumn:
    """`days` names each row's day. Days with fewer than 200 rows stay among the others."""
    names = np.asarray([str(day) for day in days])
    found, rows = np.unique(names, return_counts=True)
    table = values if isinstance(values, np.ndarray) else np.fromiter(values, dtype=object, count=len(values))
    compared: ByDay = {}
    for name in found[(rows >= MIN_DAY_ROWS) & (rows < len(names))]:
        counts = column.count(table[names == name])
        if not counts.broken:
            compared[str(name)] = compare(column, counts, without(column.reference, counts))
    return DailyColumn(column, compared)


def with_variation(columns: Mapping[Name, DailyColumn]) -> dict[Name, Column]:
    """Each column with its variation, where it has at least 14 days; what is found is decided for all together."""
    limits = _limits(columns)
    return {
        name: replace(daily.column, variation=_variation(daily, limits[name]))
        for name, daily in columns.items()
    }


def alarm_rate(columns: Mapping[Name, DailyColumn]) -> float | None:
    """The share of reference days with any finding, each judged by guards that the other days gave."""
    known = _known(columns)
    return found_share(_day_effects(known)) if known else None


def _known(columns: Mapping[Name, DailyColumn]) -> dict[Name, DailyColumn]:
    return {name: daily for name, daily in columns.items() if len(daily.days) >= MIN_DAYS}


def _limits(columns: Mapping[Name, DailyColumn]) -> dict[Name, Array]:
    """By column the strengths (D or V, PSI, change) that a day must exceed."""
    known = _known(columns)
    limits = widened(_day_effects(known)) if known else np.zeros(0)
    found = dict(zip(known, limits.reshape(-1, _KINDS), strict=True))
    return {name: found.get(name, np.zeros(_KINDS)) for name in columns}


def _variation(daily: DailyColumn, limits: Array) -> Variation | None:
    if len(daily.days) < MIN_DAYS:
        return None
    kept = list(daily.days.values())
    return Variation(
        len(kept),
        _usual([_distance(each) for each in kept if each.distance is not None]),
        _usual([each.psi for each in kept]),
        _usual([each.change for each in kept]),
        share_of(float(limits[0])),
        float(limits[1]),
        share_of(float(limits[2])),
    )


def _usual(values: list[float]) -> float:
    return float(np.quantile(values, _NORMAL)) if values else 0.0


def _day_effects(columns: Mapping[Name, DailyColumn]) -> DayEffects:
    """Every full day of any column is a row, in order; every column has three effects."""
    days = sorted({day for daily in columns.values() for day in daily.days})
    strength = np.zeros((len(days), len(columns), _KINDS))
    counts = np.zeros(strength.shape, dtype=bool)
    for row, day in enumerate(days):
        for place, each in _family(columns, day):
            strength[row, place] = _strengths(each)
            counts[row, place] = each.significant and _beyond_fixed(each)
    return DayEffects(strength.reshape(len(days), -1), counts.reshape(len(days), -1))


def _family(columns: Mapping[Name, DailyColumn], day: str) -> Iterator[tuple[int, Comparison]]:
    """The columns that have this day, by their place, marked as one family."""
    there = [(place, daily.days[day]) for place, daily in enumerate(columns.values()) if day in daily.days]
    family = as_family(each for _, each in there)
    return zip((place for place, _ in there), family, strict=True)


def _strengths(comparison: Comparison) -> tuple[float, float, float]:
    return odds(_distance(comparison)), comparison.psi, odds(comparison.change)


def _beyond_fixed(comparison: Comparison) -> tuple[bool, bool, bool]:
    return reached(comparison, guards_for(comparison.numeric, comparison.rows, None))


def _distance(comparison: Comparison) -> float:
    """D less what a sample of that size shows anyway; V needs no such correction beside a large reference."""
    distance = comparison.distance or 0.0
    return beyond_sampling(distance, comparison.rows) if comparison.numeric else distance
