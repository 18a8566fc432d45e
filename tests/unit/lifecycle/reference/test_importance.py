import numpy as np
import pytest

from lifecycle.performance.metrics import Classified, Regressed, one_hot
from lifecycle.reference.importance import MAX_ROWS, permutation_importances

RANDOM = np.random.default_rng(0)
ROWS = 3_000
COLUMNS = {
    "strong": RANDOM.normal(size=ROWS).tolist(),
    "weak": RANDOM.normal(size=ROWS).tolist(),
    "idle": ["a"] * ROWS,
}


def value(columns):
    return 3 * np.asarray(columns["strong"]) + np.asarray(columns["weak"])


def regress(columns, rows):
    return Regressed(value(columns))


def classify(columns, rows):
    share = 1 / (1 + np.exp(-value(columns)))
    return Classified(2, (share > 0.5).astype(int), np.column_stack([1 - share, share]), 1)


@pytest.mark.parametrize("metric", ["mae", "r2"])
def test_what_the_model_leans_on_matters_most(metric):
    found = permutation_importances(regress, COLUMNS, value(COLUMNS), metric)

    assert found["strong"] > found["weak"] > found["idle"]
    assert found["idle"] == 0.0


def test_a_classifier_is_weighed_by_its_own_metric():
    truth = one_hot((value(COLUMNS) > 0).astype(int), 2)

    found = permutation_importances(classify, COLUMNS, truth, "roc_auc")

    assert found["strong"] > 0.2
    assert found["strong"] > found["weak"] > found["idle"]


def test_the_same_seed_weighs_alike():
    one, other = (permutation_importances(regress, COLUMNS, value(COLUMNS), "mae", seed=3) for _ in range(2))

    assert one == other


def test_at_most_5000_rows_are_asked():
    asked = []

    def watch(columns, rows):
        asked.append((rows, len(columns["x"])))
        return Regressed(np.asarray(columns["x"]))

    permutation_importances(watch, {"x": list(range(9_000))}, np.arange(9_000.0), "mae")

    assert set(asked) == {(MAX_ROWS, MAX_ROWS)}
