"""What a night of n rows could have seen, so that "no drift" is never read as more than it is."""

import math

from scipy.stats import kstwo, norm

from lifecycle.drift.comparison import Q

MIN_ROWS = 200
_Z_95 = 1.645


def detectable_distance(n: int, m: int, tests: int) -> float:
    """The true D that KS finds in about 95 of 100 nights when it is the only one of `tests` tests that drifted.

    The first of Benjamini and Hochberg's limits applies; D of a sample varies by at most 0.5/√(nm/(n+m)).
    """
    effective = n * m / (n + m)
    limit = float(kstwo.isf(Q / max(tests, 1), max(1, round(effective))))
    return min(1.0, limit + _Z_95 * 0.5 / math.sqrt(effective))


def detectable_shift(distance: float) -> float:
    """The shift of a bell curve, in standard deviations, that has this D."""
    return float(2 * norm.ppf((min(distance, 0.999999) + 1) / 2))


def power_sentence(n: int, m: int, tests: int, smallest_effect: float = 0.05) -> str:
    """`smallest_effect`: the guard on D below which no difference is reported however certain it is."""
    if n < MIN_ROWS:
        return f"{n} rows are too few to tell drift from chance; at least {MIN_ROWS} are needed."
    distance = max(detectable_distance(n, m, tests), smallest_effect)
    shift = detectable_shift(distance)
    return (
        f"With {n:,} rows this night could have seen a number move by {shift:.2f} standard deviations "
        f"(D of {distance:.3f}) in 95 of 100 cases; smaller moves may have passed unseen."
    )
