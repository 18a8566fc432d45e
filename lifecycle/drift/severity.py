"""How much a difference matters: significant is not enough, it must be larger than the reference's own days are."""

import math
from dataclasses import dataclass
from enum import Enum

from lifecycle.drift.comparison import Comparison
from lifecycle.profile.profile import Variation

_D_WATCH = 0.05
_V_WATCH = 0.1
_PSI_WATCH = 0.1
_PSI_DRIFT = 0.2
_PSI_SEVERE = 0.5
_CHANGE_WATCH = 0.02
_CHANGE_DRIFT = 0.10


class Severity(Enum):
    """From best to worst; a night without enough rows is no-data whatever its columns are."""

    OK = "ok"
    NO_DATA = "no-data"
    NOT_COMPUTABLE = "not-computable"
    WATCH = "watch"
    DRIFT = "drift"
    SEVERE = "severe"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)

    @property
    def found(self) -> bool:
        """Watch or above: what figures call an alarm."""
        return self.rank >= Severity.WATCH.rank


@dataclass(frozen=True, slots=True)
class Guards:
    """The effects that a significant difference must reach (PSI of drift and severe: must exceed)."""

    distance: float
    psi_watch: float
    psi_drift: float
    psi_severe: float
    change_watch: float
    change_drift: float


def guards_for(numeric: bool, rows: int, variation: Variation | None) -> Guards:
    """The fixed values, each widened to what the reference's own days show, where it has days: those of watch to
    what was decided for all columns together, those of drift and severe to the column's own 95th percentile. D is
    kept without what sampling adds; for a night of `rows` rows its own sampling is added back.
    """
    distance = _D_WATCH if numeric else _V_WATCH
    if variation is None:
        return Guards(distance, _PSI_WATCH, _PSI_DRIFT, _PSI_SEVERE, _CHANGE_WATCH, _CHANGE_DRIFT)
    usual = max(variation.distance, variation.found_distance)
    return Guards(
        max(distance, _with_sampling(usual, rows) if numeric else usual),
        max(_PSI_WATCH, variation.psi, variation.found_psi),
        max(_PSI_DRIFT, variation.psi),
        max(_PSI_SEVERE, variation.psi),
        max(_CHANGE_WATCH, _just_above(max(variation.change, variation.found_change))),
        max(_CHANGE_DRIFT, _just_above(variation.change)),
    )


def _just_above(share: float) -> float:
    """A day that is all missing, like others, is still usual."""
    return math.nextafter(share, math.inf)


def sampling_distance(rows: int) -> float:
    """The mean D of a sample of that many rows beside a far larger one when nothing drifted."""
    return 0.87 / math.sqrt(rows)


def beyond_sampling(distance: float, rows: int) -> float:
    """D less what a sample of that size shows anyway; it stays 1 where nothing is shared."""
    sampling = sampling_distance(rows)
    return max(0.0, (distance - sampling) / (1 - sampling))


def _with_sampling(distance: float, rows: int) -> float:
    """The way back. A plain sum would put some limits above 1, where no night could reach them."""
    return 1 - (1 - distance) * (1 - sampling_distance(rows))


def severity_of(comparison: Comparison, guards: Guards) -> Severity:
    """Drift and severe are grades of what is found: beyond the guards of watch, whichever it reached them by."""
    if not comparison.significant or not any(reached(comparison, guards)):
        return Severity.OK
    if comparison.psi > guards.psi_drift or comparison.change >= guards.change_drift:
        return Severity.SEVERE if comparison.psi > guards.psi_severe else Severity.DRIFT
    return Severity.WATCH


def reached(comparison: Comparison, guards: Guards) -> tuple[bool, bool, bool]:
    """Which guards of watch: of D or V, of PSI, of the change of missing or unseen values."""
    distance = comparison.distance
    return (
        distance is not None and distance >= guards.distance,
        comparison.psi >= guards.psi_watch,
        comparison.change >= guards.change_watch,
    )


def effects(comparison: Comparison, guards: Guards) -> tuple[str, ...]:
    """What reaches the guards of watch, in words."""
    told = []
    if comparison.distance is not None and comparison.distance >= guards.distance:
        letter = "D" if comparison.numeric else "V"
        told.append(f"{letter} is {comparison.distance:.3f} (limit {guards.distance:.3f})")
    if comparison.psi >= guards.psi_watch:
        told.append(f"PSI is {comparison.psi:.3f} (limit {guards.psi_watch:.3f})")
    for what, share, change in (
        ("missing", comparison.missing, comparison.missing_change),
        ("unseen", comparison.unseen, comparison.unseen_change),
    ):
        if abs(change) >= guards.change_watch:
            told.append(f"{what} values went from {share - change:.1%} to {share:.1%}")
    return tuple(told)
