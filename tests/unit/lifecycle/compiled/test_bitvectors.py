"""All comparisons at once come to the leaves that a walk down each tree comes to."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor

from lifecycle.compiled.bitvectors import IN_CACHE, MOST_LEAVES, MOST_ROWS, bit_vectors
from lifecycle.compiled.histogram import histogram_classifier
from lifecycle.compiled.shapes import Shape, anonymous
from lifecycle.compiled.splits import Splits, rows_at_splits
from lifecycle.compiled.trees import splits_of, tree_classifier, tree_regressor

DRAW = np.random.default_rng(2)
X = DRAW.normal(size=(400, 5))
X[DRAW.random(X.shape) < 0.1] = np.nan
Y = np.nan_to_num(X[:, 0]) + DRAW.normal(size=400) > 0
SHAPE = Shape("numbers", anonymous(5))
WANTED = frozenset({"predict_proba"})


def rows_for(splits):
    """On and beside each threshold, and with missing values."""
    return np.vstack([rows_at_splits(splits, np.nan_to_num(X), 6000, DRAW), X])


@pytest.mark.parametrize("leaves", [2, 20, MOST_LEAVES])
def test_a_forest_asked_row_by_row_answers_as_it_does_for_all(leaves):
    forest = RandomForestClassifier(20, max_leaf_nodes=leaves, random_state=0).fit(X, Y)
    final = tree_classifier(forest, SHAPE)
    rows = rows_for(final.splits)[:600]

    assert final.trees.quick is not None
    singly = np.vstack([final(row[None, :], WANTED).probabilities for row in rows])
    np.testing.assert_array_equal(singly, forest.predict_proba(rows))


def test_boosting_asked_row_by_row_answers_as_it_does_for_all():
    boosting = HistGradientBoostingClassifier(max_iter=30, random_state=0).fit(
        X, np.digitize(X[:, 1], [-0.5, 0.5])
    )
    final = histogram_classifier(boosting, SHAPE)
    rows = rows_for(final.splits)[:600]

    assert final.raw.quick is not None
    singly = np.vstack([final(row[None, :], WANTED).probabilities for row in rows])
    np.testing.assert_array_equal(singly, boosting.predict_proba(rows))


@pytest.mark.parametrize("size", [2, 7, 16, MOST_ROWS])
def test_handfuls_are_answered_as_all_are_in_pieces_that_stay_in_the_cache_too(size, monkeypatch):
    forest = RandomForestClassifier(20, max_leaf_nodes=20, random_state=0).fit(X, Y)
    final = tree_classifier(forest, SHAPE)
    rows = rows_for(final.splits)[: 8 * MOST_ROWS]
    assert size <= final.trees.quick.most_rows
    expected = forest.predict_proba(rows)

    for at_once in (IN_CACHE, 5 * len(final.trees.quick.column), 1):
        monkeypatch.setattr("lifecycle.compiled.bitvectors.IN_CACHE", at_once)
        parts = [
            final(rows[start : start + size], WANTED).probabilities for start in range(0, len(rows), size)
        ]
        np.testing.assert_array_equal(np.vstack(parts), expected)


def test_the_larger_the_trees_the_fewer_rows_are_asked_so():
    small, large = (
        tree_classifier(RandomForestClassifier(20, max_leaf_nodes=leaves, random_state=0).fit(X, Y), SHAPE)
        for leaves in (4, MOST_LEAVES)
    )

    assert small.trees.quick.most_rows == MOST_ROWS > large.trees.quick.most_rows >= 1


def test_larger_trees_are_walked():
    values = np.nan_to_num(X[:, 2]) * 3 + DRAW.normal(size=400)
    forest = RandomForestRegressor(20, random_state=0).fit(X, values)
    final = tree_regressor(forest, SHAPE)

    assert final.trees.quick is None
    np.testing.assert_array_equal(final(X, WANTED).predicted, forest.predict(X))


def test_a_wrong_word_is_noticed():
    """The broken twin: one node keeps leaves that it should not."""
    forest = RandomForestClassifier(20, max_leaf_nodes=20, random_state=0).fit(X, Y)
    trees = [member.tree_ for member in forest.estimators_]
    right, wrong = (
        bit_vectors(splits_of(trees), [tree.missing_go_to_left for tree in trees]) for _ in range(2)
    )
    wrong.kept[0] = ~np.uint64(0)

    assert (right(X.astype(np.float32)) != wrong(X.astype(np.float32))).any()


def test_sets_of_categories_are_walked():
    splits = Splits(
        np.array([0, -1, -1]), np.zeros(3), np.array([1, 0, 0]), np.array([2, 0, 0]), np.zeros(3, dtype=bool)
    )

    assert bit_vectors([splits], [np.zeros(3, dtype=bool)]) is None
