"""Rows for the proof: what was seen before, what is missing or unseen, values on and beside every threshold, extremes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lifecycle.compiled.value_steps import UNSEEN
from lifecycle.frame import Columns
from lifecycle.signature import Feature, Signature

SEED = 17

_EXTREMES = (0.0, -0.0, 1.0, -1.0, 1e-300, -1e-300, 1e9, -1e9, 2.0**53, 3.4028234663852886e38, -3.4e38)
_SHARE_MISSING, _SHARE_UNSEEN, _SHARE_EDGE, _SHARE_EXTREME = 0.1, 0.05, 0.3, 0.3


def trial_rows(
    signature: Signature, golden: Columns, critical: Mapping[str, Any], least: int, most: int
) -> dict[str, list[Any]]:
    """At least `least` rows, and up to `most` where that many are needed to meet every threshold."""
    draw = np.random.default_rng(SEED)
    edges = {name: beside(places, draw) for name, places in critical.items()}
    rows = min(most, max(least, *map(len, edges.values()))) if edges else least
    return {
        feature.name: _column(feature, golden[feature.name], edges.get(feature.name, ()), rows, draw)
        for feature in signature.inputs
    }


def beside(places: Any, draw: np.random.Generator) -> list[float]:
    """Each place itself, its neighbours in double precision, and those in single: in an order by chance."""
    exact = np.asarray(places, dtype=np.float64)
    exact = exact[np.isfinite(exact)]
    with np.errstate(over="ignore"):
        single = exact.astype(np.float32)
    near = [
        exact,
        np.nextafter(exact, math.inf),
        np.nextafter(exact, -math.inf),
        single.astype(np.float64),
        np.nextafter(single, np.float32(math.inf)).astype(np.float64),
        np.nextafter(single, np.float32(-math.inf)).astype(np.float64),
    ]
    found = np.unique(np.concatenate(near))
    shuffled: list[float] = draw.permutation(found[np.abs(found) <= _EXTREMES[-2]]).tolist()
    return shuffled


def _column(
    feature: Feature, golden: Sequence[Any], edges: Sequence[float], rows: int, draw: np.random.Generator
) -> list[Any]:
    """The last tenth of the rows has the extremes, so that a model that refuses them still answers most rows."""
    seen = [value for value in golden if value is not None]
    usual = _usual(feature, seen, draw)
    chances = draw.random(rows).tolist()
    picks = draw.integers(0, 2**31, rows).tolist()
    return [
        _value(feature, usual, edges, row, chance, pick, extreme=row >= rows * 9 // 10)
        for row, (chance, pick) in enumerate(zip(chances, picks, strict=True))
    ]


def _value(  # noqa: PLR0913, PLR0917 - everything that decides about one value
    feature: Feature,
    usual: Sequence[Any],
    edges: Sequence[float],
    row: int,
    chance: float,
    pick: int,
    *,
    extreme: bool,
) -> Any:
    if feature.nullable and chance < _SHARE_MISSING:
        return None
    if feature.kind == "category" and feature.unknown == "accept" and chance > 1 - _SHARE_UNSEEN:
        return _unseen(feature)
    if extreme and feature.kind in {"number", "integer"} and chance > 1 - _SHARE_EXTREME:
        return _of_kind(feature, _EXTREMES[pick % len(_EXTREMES)])
    if edges and chance < _SHARE_MISSING + _SHARE_EDGE + 0.3 * (row < len(edges)):
        return _of_kind(feature, edges[row % len(edges)])
    return usual[pick % len(usual)]


def _usual(feature: Feature, seen: Sequence[Any], draw: np.random.Generator) -> Sequence[Any]:
    """What was seen, all categories, and numbers between those that were seen."""
    if feature.kind == "boolean":
        return (True, False)
    if feature.kind == "category":
        return [*feature.categories, *seen] or [UNSEEN]
    if feature.kind == "text":
        return [*seen, "", *(" ".join(reversed(text.split())) for text in seen), UNSEEN]
    numbers = [float(value) for value in seen] or [0.0, 1.0]
    spread = (max(numbers) - min(numbers)) or abs(numbers[0]) or 1.0
    near = draw.choice(numbers, 200) + draw.normal(0, spread / 4, 200)
    near = near.clip(min(numbers), max(numbers))
    return [_of_kind(feature, value) for value in (*numbers, *near.tolist())]


def _of_kind(feature: Feature, value: float) -> Any:
    """A number that the feature can hold."""
    if feature.kind == "boolean":
        return value > 0.5
    if feature.kind != "integer":
        return float(value)
    least, most = _range(feature.dtype)
    return int(min(max(round(value), least), most))


def _range(dtype: str) -> tuple[int, int]:
    try:
        info = np.iinfo(dtype.lower())
    except (TypeError, ValueError):
        return -(2**53), 2**53
    return int(info.min), int(info.max)


def _unseen(feature: Feature) -> Any:
    numbers = [value for value in feature.categories if isinstance(value, int | float)]
    return max(numbers) + 1.5 if numbers and len(numbers) == len(feature.categories) else UNSEEN
