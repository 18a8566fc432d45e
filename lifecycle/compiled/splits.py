"""The decisions of a tree as plain arrays, and rows that come to each of them: on its threshold and beside it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.compiled.shapes import Array

LEAF = -1


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """By node: the column that is compared (LEAF at a leaf), with what, and where less-or-equal and greater lead.

    `compared` tells the nodes whose threshold is a number: histogram boosting also has sets of categories.
    """

    column: Array
    threshold: Array
    left: Array
    right: Array
    compared: Array

    @classmethod
    def of_tree(cls, tree: Any) -> "Splits":
        inner = tree.feature >= 0
        column = np.where(inner, tree.feature, LEAF)
        return cls(column, tree.threshold, tree.children_left, tree.children_right, inner)

    @classmethod
    def of_predictor(cls, nodes: Any) -> "Splits":
        inner = nodes["is_leaf"] == 0
        column = np.where(inner, nodes["feature_idx"], LEAF)
        compared = inner & (nodes["is_categorical"] == 0)
        return cls(column, nodes["num_threshold"], nodes["left"], nodes["right"], compared)


def thresholds_of(trees: Sequence[Splits]) -> Iterator[tuple[int, Array]]:
    """Column → every threshold on it."""
    if not trees:
        return
    compared = np.concatenate([tree.compared for tree in trees])
    columns = np.concatenate([tree.column for tree in trees])[compared]
    places = np.concatenate([tree.threshold for tree in trees])[compared]
    for column in np.unique(columns):
        yield int(column), np.unique(places[columns == column])


def rows_at_splits(trees: Sequence[Splits], base: Array, most: int, draw: np.random.Generator) -> Array:
    """Three rows for each node, or for as many as `most` allows: `base` rows, bent so that they come to the node."""
    nodes = [
        (tree, int(node))
        for tree in trees
        for node in np.flatnonzero(
            tree.compared & np.isfinite(tree.threshold)
        )  # infinite ones part NaN from the rest
    ]
    if len(nodes) * 3 > most:
        nodes = [nodes[index] for index in draw.choice(len(nodes), most // 3, replace=False)]
    parents = {id(tree): _parents(tree) for tree, _ in nodes}
    rows = np.repeat(base[draw.integers(0, len(base), len(nodes))].astype(np.float64), 3, axis=0)
    for index, (tree, node) in enumerate(nodes):
        _bend(rows[3 * index : 3 * index + 3], tree, node, parents[id(tree)])
    with np.errstate(over="ignore"):
        finite = np.asarray(~np.isinf(rows.astype(np.float32)).any(axis=1))
    return rows[finite]


def _parents(tree: Splits) -> dict[int, tuple[int, bool]]:
    """Node → its parent, and whether it stands on its left."""
    inner = np.flatnonzero(tree.column != LEAF).tolist()
    return {int(tree.left[node]): (node, True) for node in inner} | {
        int(tree.right[node]): (node, False) for node in inner
    }


def _bend(rows: Array, tree: Splits, node: int, parents: dict[int, tuple[int, bool]]) -> None:
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    above = node
    while above in parents:
        above, is_left = parents[above]
        if tree.compared[above]:
            column, place = int(tree.column[above]), float(tree.threshold[above])
            if is_left:
                high[column] = min(high.get(column, math.inf), place)
            else:
                low[column] = max(low.get(column, -math.inf), place)
    for column in low.keys() | high.keys():
        rows[:, column] = _between(rows[0, column], low.get(column, -math.inf), high.get(column, math.inf))
    place = float(tree.threshold[node])
    rows[:, int(tree.column[node])] = place, _single(place, math.inf), _single(place, -math.inf)


def _between(value: float, low: float, high: float) -> float:
    """The value itself where it lies in (low, high], else one that does."""
    if low < value <= high:
        return value
    if math.isfinite(low) and math.isfinite(high):
        return (low + high) / 2
    return high if math.isfinite(high) else low + max(1.0, abs(low))


def _single(place: float, towards: float) -> float:
    """The next number in single precision, in which scikit-learn's trees compare."""
    return float(np.nextafter(np.float32(place), np.float32(towards)))
