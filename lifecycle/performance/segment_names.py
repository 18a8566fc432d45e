"""Which segment a row is in: by a feature's value where these are few, by fifths of the rows where it is a number."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lifecycle.performance.metrics import Array
from lifecycle.signature import label_text

MAX_VALUES = 10
MISSING = "missing"
OTHER = "other"
_FIFTHS = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, slots=True)
class Segments:
    """`titles` in the order to show them; `name_of` gives the title of each of n values."""

    titles: tuple[str, ...]
    name_of: Callable[[Array], Array]


def segments_of(values: Array) -> Segments:
    """Made from all values of the window; a title may have no row."""
    if values.dtype.kind in "Ob":
        return _by_value(values)
    numbers = values.astype(np.float64)
    return _by_fifth(numbers[~np.isnan(numbers)])


def _by_value(values: Array) -> Segments:
    found, rows = np.unique([_text(value) for value in values.tolist()], return_counts=True)
    often = found[np.argsort(-rows, kind="stable")][:MAX_VALUES].tolist()

    def name_of(of: Array) -> Array:
        return np.array([text if text in often else OTHER for text in map(_text, of.tolist())], dtype=object)

    return Segments((*often, OTHER), name_of)


def _by_fifth(numbers: Array) -> Segments:
    edges = np.unique(np.quantile(numbers, _FIFTHS)) if len(numbers) else np.array([])
    bounds = ["", *(f"{edge:g}" for edge in edges), ""]
    titles = tuple(_title(low, high) for low, high in pairwise(bounds))

    def name_of(of: Array) -> Array:
        numbers = of.astype(np.float64)
        places = np.minimum(np.searchsorted(edges, numbers, side="left"), len(edges))
        return np.where(np.isnan(numbers), MISSING, np.array(titles, dtype=object)[places])

    return Segments((*titles, MISSING), name_of)


def _title(low: str, high: str) -> str:
    if not low and not high:
        return "all"
    if not low:
        return f"up to {high}"
    return f"above {low}" if not high else f"{low} to {high}"


def _text(value: object) -> str:
    if value is None:
        return MISSING
    return label_text(value) if isinstance(value, str | int | float | bool) else str(value)
