"""Which days' labels are complete enough to learn from: early labels are not like late ones."""

import numpy as np

from lifecycle.profile.values import Array

DAY_MS = 86_400_000
LABELLED_SHARE = 0.8
SLOW = 0.95


def mature_days(days: Array, labelled: Array, lags_s: Array, as_of_ms: int) -> frozenset[int]:
    """`days` (Unix days) and `labelled` (booleans) are by row, `lags_s` by labelled row.

    A day is mature when 80 % of its rows are labelled or when it is older than the 95th percentile of the lag; never
    before 24 hours after its end.
    """
    slow_ms = float(np.quantile(lags_s, SLOW)) * 1000 if len(lags_s) else np.inf
    found, places = np.unique(days, return_inverse=True)
    rows = np.bincount(places, minlength=len(found))
    shares = np.bincount(places, weights=labelled, minlength=len(found)) / np.maximum(rows, 1)
    ages_ms = as_of_ms - (found + 1) * DAY_MS
    mature = (ages_ms >= DAY_MS) & ((shares >= LABELLED_SHARE) | (ages_ms > slow_ms))
    return frozenset(int(day) for day in found[mature])
