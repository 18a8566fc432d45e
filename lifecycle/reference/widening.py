"""How far from the other days a day may be before it is found: decided for all columns together.

A limit that each of twenty columns exceeds on one day in twenty is exceeded by one of them on most days.
"""

import math
from dataclasses import dataclass

import numpy as np

from lifecycle.profile.values import Array

_FOUND = 0.05
_MOST = 10.0  # days that would need more are freaks: excusing them would excuse everything


@dataclass(frozen=True, slots=True, eq=False)
class DayEffects:
    """Of N days, each beside the others, `strength` N by E: every effect on a scale without an end, 0 where a
    column has no such day. `counts`: significant, and beyond the fixed guard.
    """

    strength: Array
    counts: Array

    def without(self, day: int) -> "DayEffects":
        return DayEffects(np.delete(self.strength, day, axis=0), np.delete(self.counts, day, axis=0))


def widened(effects: DayEffects) -> Array:
    """By effect: the strength that a day must exceed to be found. It is that of the largest day times one factor
    for all, so large that at most 1 of 20 days exceeds what the others and the factor allow it.
    """
    largest: Array = effects.strength.max(axis=0)
    return largest * _factor(effects)


def found_share(effects: DayEffects) -> float:
    """The share of days that are found, each by the limits that the other days alone gave."""
    days = range(len(effects.strength))
    return float(
        np.mean(
            [
                (effects.counts[day] & (effects.strength[day] > widened(effects.without(day)))).any()
                for day in days
            ]
        )
    )


def _factor(effects: DayEffects) -> float:
    """The (N+1)-th part is added because the next day is one of N+1 alike."""
    needed = np.sort(_needed(effects))
    rank = min(len(needed), math.ceil((1 - _FOUND) * (len(needed) + 1)))
    return float(np.clip(needed[rank - 1], 1.0, _MOST))


def _needed(effects: DayEffects) -> Array:
    """By day: the factor that would just excuse it."""
    second, largest = np.sort(effects.strength, axis=0)[-2:]
    others = np.where(effects.strength >= largest, second, largest)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed: Array = np.where(effects.counts, effects.strength / others, 0.0)
    most: Array = needed.max(axis=1)
    return most


def odds(share: float) -> float:
    return share / (1 - share) if share < 1 else math.inf


def share_of(odds: float) -> float:
    return odds / (1 + odds) if math.isfinite(odds) else 1.0
