"""How much the reference differs from itself by day, so that nights are not blamed for what is normal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lifecycle.drift.comparison import Comparison, as_family, compare
from lifecycle.drift.severity import guards_for, sampling_distance, severity_of
from lifecycle.profile.counts import without
from lifecycle.profile.profile import Column, Variation
from lifecycle.profile.values import Array

MIN_DAY_ROWS = 200
MIN_DAYS = 14
_NORMAL = 0.95

ByDay = dict[str, Comparison]


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


def variation(daily: DailyColumn, *, leaving_out: str = "") -> Variation | None:
    """The 95th percentiles over days; None for fewer than 14 of them."""
    if len(daily.days) < MIN_DAYS:
        return None
    kept = [each for day, each in daily.days.items() if day != leaving_out]
    distances = [_beyond_sampling(each) for each in kept if each.distance is not None]
    return Variation(
        len(kept),
        max(0.0, _usual(distances)),
        _usual([each.psi for each in kept]),
        _usual([each.change for each in kept]),
    )


def _usual(values: list[float]) -> float:
    return float(np.quantile(values, _NORMAL)) if values else 0.0


def with_variation(daily: DailyColumn) -> Column:
    return replace(daily.column, variation=variation(daily))


def alarm_rate(columns: Mapping[str, DailyColumn]) -> float | None:
    """The share of reference days with any finding, each judged by guards that the other days gave."""
    days = sorted({day for daily in columns.values() for day in daily.days})
    if len(days) < MIN_DAYS:
        return None
    return sum(_alarms(columns, day) for day in days) / len(days)


def _alarms(columns: Mapping[str, DailyColumn], day: str) -> bool:
    judged = [daily for daily in columns.values() if day in daily.days]
    family = as_family(daily.days[day] for daily in judged)
    return any(
        severity_of(each, guards_for(each.numeric, each.rows, variation(daily, leaving_out=day))).found
        for daily, each in zip(judged, family, strict=True)
    )


def _beyond_sampling(comparison: Comparison) -> float:
    """D less what a sample of that size shows anyway; V needs no such correction beside a large reference."""
    distance = comparison.distance or 0.0
    return distance - sampling_distance(comparison.rows) if comparison.numeric else distance
