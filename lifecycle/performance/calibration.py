"""What a stated probability was worth on the hold-out: a monotone map for each label, kept as a few knots."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from lifecycle.performance.metrics import Array, Classified, metrics_of

_MAX_KNOTS = 50
_ROWS_A_KNOT = 40


@dataclass(frozen=True, slots=True)
class Knots:
    """For one label, in order of the stated share: mean stated share, true share, and rows of each knot."""

    stated: tuple[float, ...]
    true: tuple[float, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """`error` is the calibration error that remains on rows the map was not fitted on (each half by the other)."""

    knots: tuple[Knots, ...]
    rows: int
    error: float


def fit(shares: Array, truth: Array, *, positive: int | None, seed: int = 0) -> Calibration:
    """From n by k stated shares and one-hot truth of the hold-out, n ≥ 2."""
    half = np.random.default_rng(seed).permutation(len(shares)) % 2 == 0
    crossed = np.empty(shares.shape)
    crossed[half] = _apply(_fit_each(shares[~half], truth[~half]), shares[half])
    crossed[~half] = _apply(_fit_each(shares[half], truth[half]), shares[~half])
    answered = Classified(shares.shape[1], crossed.argmax(axis=1), crossed, positive)
    error = metrics_of(answered)["calibration_error"](truth, np.ones(len(truth)))
    return Calibration(_fit_each(shares, truth), len(shares), error)


def apply(calibration: Calibration, shares: Array) -> Array:
    """Stated shares, n by k → recalibrated ones that sum to 1, n by k."""
    return _apply(calibration.knots, shares)


def drawn(calibration: Calibration, random: np.random.Generator) -> Calibration:
    """The map as another hold-out of the same size might have given it: each knot drawn from its posterior."""
    return Calibration(tuple(_draw(knots, random) for knots in calibration.knots), calibration.rows, 0.0)


def _fit_each(shares: Array, truth: Array) -> tuple[Knots, ...]:
    return tuple(_fit_one(shares[:, label], truth[:, label]) for label in range(shares.shape[1]))


def _fit_one(stated: Array, true: Array) -> Knots:
    pieces = int(np.clip(len(stated) // _ROWS_A_KNOT, 1, _MAX_KNOTS))
    edges = np.unique(np.quantile(stated, np.arange(1, pieces) / pieces, method="inverted_cdf"))
    places = np.searchsorted(edges, stated, side="left")
    rows = np.bincount(places)
    kept = rows > 0
    means = np.bincount(places, stated)[kept] / rows[kept]
    rates = isotonic_regression(np.bincount(places, true)[kept] / rows[kept], weights=rows[kept]).x
    return Knots(tuple(means.tolist()), tuple(rates.tolist()), tuple(rows[kept].tolist()))


def _apply(knots: Sequence[Knots], shares: Array) -> Array:
    if len(knots) == 2:
        second = np.interp(shares[:, 1], knots[1].stated, knots[1].true)
        return np.column_stack([1 - second, second])
    raw = np.column_stack(
        [np.interp(shares[:, label], each.stated, each.true) for label, each in enumerate(knots)]
    )
    total = raw.sum(axis=1, keepdims=True)
    return np.where(total > 0, raw / np.where(total > 0, total, 1), shares)


def _draw(knots: Knots, random: np.random.Generator) -> Knots:
    rows, true = np.asarray(knots.rows), np.asarray(knots.true)
    rates = random.beta(true * rows + 0.5, (1 - true) * rows + 0.5)
    return Knots(knots.stated, tuple(rates.tolist()), knots.rows)
