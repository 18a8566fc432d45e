from contextlib import nullcontext

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from retrain.artifact import write_artifact
from retrain.recipes import Search, cloning, fitted, fresh_clone, load_recipe
from retrain.stopped import TrainingStoppedError

X = np.random.default_rng(0).normal(size=(200, 3))
Y = (X[:, 0] > 0).astype(int)
SEARCH = Search(lambda estimator, X, y: estimator.score(X, y), nullcontext)

SEARCHING = """
from sklearn.linear_model import LogisticRegression
search_space = {"C": [1e-9, 1.0], "max_iter": [50]}
def fit(X, y, seed, C=1.0, max_iter=100):
    return LogisticRegression(C=C, max_iter=max_iter, random_state=seed).fit(X, y)
"""


def written(tmp_path, text):
    (tmp_path / "recipe.py").write_text(text)
    return tmp_path / "recipe.py"


def test_the_champion_is_cloned_with_one_thread_and_a_seed_everywhere():
    forest = make_pipeline(RandomForestClassifier(3, n_jobs=-1))
    fresh = fresh_clone(forest, 7)

    assert (fresh[0].n_jobs, fresh[0].random_state) == (1, 7)
    assert forest[0].n_jobs == -1


def test_a_seed_that_its_maker_chose_stays():
    assert fresh_clone(LogisticRegression(random_state=3), 7).random_state == 3


def test_two_fits_of_a_forest_have_the_same_bytes(tmp_path):
    """Also the padding between the fields of its trees' nodes."""
    for name in ("one", "other"):
        np.full(1_000_000, int.from_bytes(name[:1].encode())).sum()  # leaves other bytes in freed memory
        estimator, _ = fitted(cloning(RandomForestClassifier(5)), X, Y, 0, SEARCH)
        write_artifact(estimator, tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


class Stubborn(BaseEstimator):
    def __init__(self, a=1):
        self.a = [a]


def test_what_can_not_be_cloned_asks_for_a_recipe():
    with pytest.raises(TrainingStoppedError, match="recipe"):
        fresh_clone(Stubborn(), 0)


def test_a_search_takes_the_params_that_are_best_on_the_newest_rows(tmp_path):
    estimator, params = fitted(load_recipe(written(tmp_path, SEARCHING)), X, Y, 5, SEARCH)

    assert params == {"C": 1.0, "max_iter": 50}
    assert (estimator.C, estimator.random_state) == (1.0, 5)


def test_a_search_that_never_ends_is_refused(tmp_path):
    text = SEARCHING.replace("[50]", "list(range(1, 400))")

    with pytest.raises(TrainingStoppedError, match="798 combinations"):
        fitted(load_recipe(written(tmp_path, text)), X, Y, 0, SEARCH)


@pytest.mark.parametrize("text", ["fit = 1", "def fit(X, y, seed): ...\nsearch_space = []", ""])
def test_a_file_that_is_no_recipe_is_refused(tmp_path, text):
    with pytest.raises(TrainingStoppedError, match="no fit"):
        load_recipe(written(tmp_path, text))


def test_a_missing_recipe_is_refused(tmp_path):
    with pytest.raises(TrainingStoppedError, match="no Python file"):
        load_recipe(tmp_path / "absent.py")
