import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import DBSCAN
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from intake.unwrap import Handed, unwrap
from lifecycle.bundle import follow
from lifecycle.errors import ModelRefusedError

POINTS = np.arange(8.0).reshape(4, 2)
MODEL = LinearRegression().fit(POINTS, POINTS[:, 0])
SCALER = StandardScaler().fit(POINTS)
NAMES = ["fare", "age"]


class OwnModel:
    def predict(self, rows):
        return rows


@pytest.mark.parametrize("key", ["model", "estimator", "pipeline", "clf", "anything"])
def test_a_dictionary_with_one_model_is_unwrapped_whatever_its_key(key):
    loaded = {key: MODEL, "version": 3, "metrics": {"auc": 0.7}, "train": pd.DataFrame({"a": [1]})}

    assert unwrap(loaded) == Handed(MODEL, None, (key,), f"the dictionary's entry {key!r}")


@pytest.mark.parametrize("names", [NAMES, tuple(NAMES), pd.Index(NAMES), np.array(NAMES)])
@pytest.mark.parametrize("key", ["features", "feature_names", "columns", "feature_cols"])
def test_the_feature_names_beside_the_model_are_kept(key, names):
    assert unwrap({"model": MODEL, key: names}).feature_names == ("fare", "age")


@pytest.mark.parametrize("loaded", [MODEL, {"m": MODEL}, (NAMES, MODEL), [MODEL, NAMES]])
def test_the_path_leads_to_the_model(loaded):
    assert follow(loaded, unwrap(loaded).path) is MODEL


def test_a_tuple_brings_its_names():
    assert unwrap((MODEL, NAMES)) == Handed(MODEL, ("fare", "age"), (0,), "the tuple's entry 0")


def test_names_that_are_no_different_texts_are_left():
    assert unwrap({"model": MODEL, "features": [1, 2], "columns": ["a", "a"]}).feature_names is None


@pytest.mark.parametrize("loaded", [SCALER, OwnModel(), FunctionTransformer(), make_pipeline(SCALER, MODEL)])
def test_transformers_and_own_classes_that_answer_are_models(loaded):
    assert unwrap(loaded).estimator is loaded


@pytest.mark.parametrize(
    ("loaded", "message"),
    [
        (None, "The file holds None, not a model"),
        (pd.DataFrame({"a": [1]}), "holds a pandas table"),
        (POINTS, "holds a numpy array"),
        ("model", "holds a text"),
        (0.7, "holds a number"),
        (LinearRegression, r"holds a class \(not a fitted instance of it\)"),
        (len, "holds a function"),
        ({1, 2}, "holds an object of type set"),
        ({"weights": [1, 2]}, "holds a dictionary without a model"),
        ([], "holds a list without a model"),
    ],
)
def test_what_is_no_model_is_named_and_the_way_out_given(loaded, message):
    with pytest.raises(ModelRefusedError, match=message) as refusal:
        unwrap(loaded)

    assert refusal.value.fix == "Export the fitted pipeline itself: pickle.dump(pipeline, file)."


def test_a_scaler_beside_the_model_is_not_silently_left_out():
    with pytest.raises(
        ModelRefusedError, match=r"2 fitted parts: 'scaler' \(StandardScaler\), 'model' .*make_pipeline"
    ):
        unwrap({"scaler": SCALER, "model": MODEL})


def test_a_list_of_models_is_refused():
    with pytest.raises(ModelRefusedError, match="a list with 2 fitted parts"):
        unwrap([MODEL, MODEL])


@pytest.mark.parametrize("loaded", [LinearRegression(), make_pipeline(StandardScaler(), LinearRegression())])
def test_an_unfitted_model_is_refused(loaded):
    with pytest.raises(ModelRefusedError, match=r"is not fitted. Call fit\(X, y\)"):
        unwrap(loaded)


def test_a_search_without_its_refitted_model_is_refused():
    search = GridSearchCV(LinearRegression(), {"fit_intercept": [True]}, cv=2, refit=False)

    with pytest.raises(ModelRefusedError, match="refit=False: it holds no fitted model"):
        unwrap(search.fit(POINTS, POINTS[:, 0]))


def test_a_fitted_object_that_can_not_answer_is_refused():
    with pytest.raises(ModelRefusedError, match="DBSCAN can't answer for new rows"):
        unwrap(DBSCAN().fit(POINTS))
