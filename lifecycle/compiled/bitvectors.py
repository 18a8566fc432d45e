"""Trees of at most 64 leaves for a row or a few: every comparison of every tree at once, instead of a walk down each.

A comparison that fails takes the leaves on its left out of the question; of those that are left, the leftmost is the
one that a walk would have come to. (Lucchese et al., QuickScorer, 2015.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lifecycle.compiled.shapes import Array
from lifecycle.compiled.splits import LEAF, Splits

MOST_LEAVES = 64
MOST_ROWS = 32
COMPARISONS = 1000  # of one tree's nodes with rows: beyond it a call of the tree itself is sooner
IN_CACHE = 48_000  # comparisons at once

_ALL = np.uint64(2**64 - 1)


@dataclass(frozen=True, slots=True, eq=False)
class BitVectors:
    """By node of all trees: column, threshold, whether NaN goes left, and the leaves that stay when it goes right.

    `starts` are the trees' first nodes; `leaves` is by tree and leaf from the left the number of the node.
    """

    column: Array
    threshold: Array
    nan_left: Array
    kept: Array
    starts: Array
    leaves: Array

    @property
    def most_rows(self) -> int:
        """So many rows are sooner answered by this than by a walk down each tree."""
        return min(MOST_ROWS, COMPARISONS * len(self.starts) // len(self.column))

    def __call__(self, rows: Array) -> Array:
        """Trees by rows: which leaf it is, from the left."""
        count = max(1, IN_CACHE // len(self.column))
        if len(rows) <= count:
            return self._places(rows)
        return np.hstack([self._places(rows[start : start + count]) for start in range(0, len(rows), count)])

    def _places(self, rows: Array) -> Array:
        values = rows.take(self.column, axis=1)
        left = values <= self.threshold
        missing = np.isnan(rows)
        if missing.any():
            left |= missing.take(self.column, axis=1) & self.nan_left
        words = np.where(left, _ALL, self.kept)
        remaining = np.bitwise_and.reduceat(words, self.starts, axis=1)
        lowest = remaining & (~remaining + np.uint64(1))
        # powers of two are exact in double precision
        place: Array = np.frexp(lowest.astype(np.float64))[1].T - 1
        return place

    def told(self, values: Sequence[Array]) -> Array:
        """What each tree's nodes answer → trees by leaves."""
        return np.array([own[order] for own, order in zip(values, self.leaves, strict=True)])


def bit_vectors(trees: Sequence[Splits], nan_left: Sequence[Array]) -> BitVectors | None:
    """None where a tree is too large for a word, is a single leaf, or compares with sets of categories."""
    orders = [_leaves_in_order(tree) for tree in trees]
    for tree, order in zip(trees, orders, strict=True):
        inner = tree.column != LEAF
        if not 1 < len(order) <= MOST_LEAVES or not tree.compared[inner].all():
            return None
    nodes = [np.flatnonzero(tree.column != LEAF) for tree in trees]
    parts = list(zip(trees, nodes, strict=True))
    leaves = np.zeros((len(trees), MOST_LEAVES), dtype=np.intp)
    for index, order in enumerate(orders):
        leaves[index, : len(order)] = order
    return BitVectors(
        np.concatenate([tree.column[inner] for tree, inner in parts]).astype(np.intp),
        np.concatenate([tree.threshold[inner] for tree, inner in parts]),
        np.concatenate([told[inner] for told, inner in zip(nan_left, nodes, strict=True)]).astype(bool),
        np.concatenate(
            [_kept(tree, inner, order) for (tree, inner), order in zip(parts, orders, strict=True)]
        ),
        np.concatenate([[0], np.cumsum([len(inner) for inner in nodes])[:-1]]).astype(np.intp),
        leaves,
    )


def _leaves_in_order(tree: Splits) -> list[int]:
    """The leaves from left to right."""
    found: list[int] = []
    open_ends = [0]
    while open_ends:
        node = open_ends.pop()
        if tree.column[node] == LEAF:
            found.append(node)
        else:
            open_ends += [int(tree.right[node]), int(tree.left[node])]
    return found


def _kept(tree: Splits, inner: Array, order: list[int]) -> Array:
    """For each inner node, a word without the leaves below its left child."""
    place = {leaf: index for index, leaf in enumerate(order)}
    return np.array([~_below(tree, int(tree.left[node]), place) & _ALL for node in inner], dtype=np.uint64)


def _below(tree: Splits, node: int, place: dict[int, int]) -> np.uint64:
    word = 0
    open_ends = [node]
    while open_ends:
        one = open_ends.pop()
        if one in place:
            word |= 1 << place[one]
        else:
            open_ends += [int(tree.left[one]), int(tree.right[one])]
    return np.uint64(word)
