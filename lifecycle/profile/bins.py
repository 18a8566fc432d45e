"""Frozen bins, chosen once from the reference: fine ones that counts are kept in, coarse ones that PSI reads."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lifecycle.profile.values import Array, category_text
from lifecycle.signature import Label

MAX_EDGES = 1024
MAX_CATEGORIES = 1000
TOP_CATEGORIES = 19
_QUANTILES = 10


@dataclass(frozen=True, slots=True, eq=False)
class NumberBins:
    """Bin i holds edges[i-1] < x <= edges[i]; the first and the last bin are open, so every number has a bin.

    `cuts` are the first fine bins of the coarse bins (about ten reference quantiles).
    """

    edges: Array
    cuts: Array

    @property
    def fine(self) -> int:
        return len(self.edges) + 1

    def count(self, numbers: Array) -> Array:
        """Numbers without NaN → how many lie in each fine bin. Sorting them is what processors do best: looking each
        of a million up among the edges takes seven times as long.
        """
        up_to = np.searchsorted(np.sort(numbers), self.edges, side="right")
        return np.diff(up_to, prepend=0, append=len(numbers))

    def coarse(self, fine: Array) -> Array:
        return np.add.reduceat(fine, self.cuts)


@dataclass(frozen=True, slots=True, eq=False)
class CategoryBins:
    """One bin for each of `values`, the most frequent first, and a last one for other known categories.

    `known` are the categories that the model's signature names: these are never unseen. With `more`, the reference had further ones than it could keep, so a stranger counts as other, never as unseen.
    """

    values: tuple[str, ...]
    known: frozenset[str] = frozenset()
    more: bool = False

    @property
    def fine(self) -> int:
        return len(self.values) + 1

    def count(self, counted: Mapping[str, int]) -> tuple[Array, int]:
        """Counts by category → counts by fine bin, and how many values were unseen in the reference."""
        bins = np.array([*(counted.get(value, 0) for value in self.values), 0], dtype=np.int64)
        strangers = counted.keys() - set(self.values)
        unseen = 0 if self.more else sum(counted[value] for value in strangers - self.known)
        bins[-1] = sum(counted[value] for value in strangers) - unseen
        return bins, unseen

    def as_fresh(self, fine: Array) -> tuple[Array, int]:
        """The reference's own counts as another sample would find them, and how many values would be unseen.

        A category that occurs once would be unseen but for that very row (Good and Turing): without this,
        rare categories that the reference happened to miss would look like drift.
        """
        if self.more:
            return fine, 0
        once = fine == 1
        once[:-1] &= np.array([value not in self.known for value in self.values], dtype=bool)
        once[-1] = False
        return np.where(once, 0, fine), int(once.sum())

    def coarse(self, fine: Array) -> Array:
        top = min(TOP_CATEGORIES, len(self.values))
        return np.append(fine[:top], fine[top:].sum())


Bins = NumberBins | CategoryBins


def number_bins(reference: Array) -> NumberBins:
    """Edges at the quantiles of the reference's numbers (NaN are left out; none left gives one open bin).

    A value that fills more than one quantile gets an edge right below it as well, so that it has a bin of
    its own: else a constant that moves a little would stay in its bin and be missed.
    """
    present = np.sort(reference[~np.isnan(reference)])
    edges = _edges(present)
    if not len(edges):
        return NumberBins(edges, np.array([0]))
    below = np.searchsorted(present, edges, side="right") / len(present)
    wanted = np.arange(1, _QUANTILES) / _QUANTILES
    nearest = np.abs(below[None, :] - wanted[:, None]).argmin(axis=1)
    return NumberBins(edges, np.concatenate([[0], np.unique(nearest) + 1]))


def _edges(present: Array) -> Array:
    values, repeats = np.unique(present, return_counts=True)
    if len(values) > MAX_EDGES // 2:
        levels = np.linspace(0, 1, MAX_EDGES)
        values, repeats = np.unique(np.quantile(present, levels, method="inverted_cdf"), return_counts=True)
        crowded = values[repeats > 1]
    else:
        crowded = values
    with np.errstate(over="ignore"):  # below the least of all numbers lies minus infinity
        return np.union1d(values, np.nextafter(crowded, -np.inf))


def category_bins(counted: Mapping[str, int], known: tuple[Label, ...] = ()) -> CategoryBins:
    """The reference's categories by frequency (then by name), at most MAX_CATEGORIES of them."""
    ranked = sorted(counted, key=lambda value: (-counted[value], value))
    top = tuple(ranked[:MAX_CATEGORIES])
    named = frozenset(category_text(value) for value in known)
    return CategoryBins(top, named, more=len(ranked) > MAX_CATEGORIES)
