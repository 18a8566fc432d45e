"""A model's answers are the estimator's own, to the bit, in the signature's terms."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from lifecycle.errors import ModelFailureError
from lifecycle.model import Model
from lifecycle.signature import Feature, Output, Signature, positional_names

RANDOM = np.random.default_rng(7)
POINTS = RANDOM.normal(size=(60, 2))
COLUMNS = {"x0": POINTS[:5, 0].tolist(), "x1": POINTS[:5, 1].tolist()}


def numbers(*names):
    return tuple(Feature(name, "number", "float64") for name in names)


def matrix_model(estimator, *outputs):
    signature = Signature(numbers(*positional_names(2)), outputs, named=False, layout="matrix")
    return Model("points", "v1", "0" * 64, signature, estimator)


def classes(*labels, name="y", methods=("predict_proba", "predict"), **more):
    return Output(name, "classification", labels, methods=methods, **more)


def test_a_classifier_answers_labels_and_probabilities_of_the_estimator_to_the_bit():
    truth = np.where(POINTS[:, 0] > 0, "late", "on time")
    estimator = LogisticRegression().fit(POINTS, truth)

    answer = matrix_model(estimator, classes("late", "on time")).predict(COLUMNS, 5).answers[0]

    assert answer.labels == estimator.predict(POINTS[:5]).tolist()
    assert answer.probabilities == estimator.predict_proba(POINTS[:5]).tolist()
    assert answer.scores is None


def test_labels_keep_their_json_type():
    for truth in (POINTS[:, 0] > 0, (POINTS[:, 0] > 0).astype(int), np.where(POINTS[:, 0] > 0, 1.0, 2.0)):
        estimator = RandomForestClassifier(5, random_state=0).fit(POINTS, truth)
        answer = matrix_model(estimator, classes(*estimator.classes_.tolist())).predict(COLUMNS, 5).answers[0]

        assert {type(label) for label in answer.labels} == {type(truth[0].item())}


def test_a_classifier_without_probabilities_answers_its_score():
    estimator = LinearSVC().fit(POINTS, POINTS[:, 0] > 0)
    model = matrix_model(estimator, classes(False, True, methods=("decision_function", "predict")))

    answer = model.predict(COLUMNS, 5).answers[0]

    assert answer.scores == estimator.decision_function(POINTS[:5]).tolist()
    assert answer.probabilities is None


def test_the_method_predict_leaves_probabilities_out():
    estimator = LogisticRegression().fit(POINTS, POINTS[:, 0] > 0)
    answer = matrix_model(estimator, classes(False, True)).predict(COLUMNS, 5, "predict").answers[0]

    assert answer.labels is not None
    assert answer.probabilities is None


def test_a_registered_threshold_replaces_the_estimators_choice():
    estimator = LogisticRegression().fit(POINTS, POINTS[:, 0] > 0)
    output = classes(False, True, positive=True, threshold=0.9)
    answer = matrix_model(estimator, output).predict(COLUMNS, 5).answers[0]

    assert answer.labels == [share >= 0.9 for _, share in answer.probabilities]


def test_a_regressor_answers_values():
    estimator = LinearRegression().fit(POINTS, POINTS[:, 0] * 3)
    answer = matrix_model(estimator, Output("y", "regression")).predict(COLUMNS, 5).answers[0]

    assert answer.values == estimator.predict(POINTS[:5]).tolist()


def test_several_outputs_are_answered_in_order():
    estimator = RandomForestClassifier(5, random_state=0).fit(
        POINTS, np.column_stack([POINTS[:, 0] > 0, POINTS[:, 1] > 0])
    )
    outputs = (classes(False, True, name="y0"), classes(False, True, name="y1"))
    answers = matrix_model(estimator, *outputs).predict(COLUMNS, 5).answers

    for index, answer in enumerate(answers):
        assert answer.labels == estimator.predict(POINTS[:5])[:, index].astype(bool).tolist()
        assert {type(label) for label in answer.labels} == {bool}
        assert answer.probabilities == estimator.predict_proba(POINTS[:5])[index].tolist()


def test_a_transformer_answers_its_columns():
    estimator = StandardScaler().fit(POINTS)
    answer = (
        matrix_model(estimator, Output("y", "transform", methods=("transform",)))
        .predict(COLUMNS, 5)
        .answers[0]
    )

    assert answer.values == estimator.transform(POINTS[:5]).tolist()


def test_a_text_pipeline_takes_a_list_of_texts():
    texts = ["good flight", "bad delay", "good crew", "bad food"]
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1, 0])
    signature = Signature((Feature("text", "text", "object"),), (classes(0, 1),), named=False, layout="texts")

    answer = Model("t", "v1", "0" * 64, signature, estimator).predict({"text": texts}, 4).answers[0]

    assert answer.probabilities == estimator.predict_proba(texts).tolist()


def test_a_named_model_gets_a_frame_with_the_fitted_names_and_types():
    seen = {}

    class Witness(LinearRegression):
        def predict(self, X):
            seen["frame"] = X
            return np.zeros(len(X))

    features = (
        Feature("count", "integer", "int64"),
        Feature("share", "number", "float64"),
        Feature("carrier", "category", "object", missing="none", categories=("AA", "UA")),
        Feature("flag", "boolean", "bool"),
        Feature("day", "datetime", "datetime64[ns]"),
        Feature("maybe", "integer", "Int64"),
    )
    model = Model("w", "v1", "0" * 64, Signature(features, (Output("y", "regression"),)), Witness())

    model.predict(
        {
            "count": [1, None],
            "share": [None, 2],
            "carrier": ["AA", None],
            "flag": [True, False],
            "day": ["2013-01-01", "2013-01-01T05:00:00+01:00"],
            "maybe": [1, None],
        },
        2,
    )

    frame = seen["frame"]
    assert list(frame.columns) == ["count", "share", "carrier", "flag", "day", "maybe"]
    assert frame.dtypes.astype(str).tolist() == [
        "float64",
        "float64",
        "object",
        "bool",
        "datetime64[ns]",
        "Int64",
    ]
    assert math.isnan(frame["count"][1])
    assert frame["carrier"][1] is None
    assert frame["day"].tolist() == [pd.Timestamp("2013-01-01"), pd.Timestamp("2013-01-01T04:00:00")]


def test_answers_that_are_not_finite_are_flagged_by_row():
    class Broken(LinearRegression):
        def predict(self, X):
            return np.array([1.0, math.nan, math.inf])

    predictions = matrix_model(Broken(), Output("y", "regression")).predict(
        {"x0": [1, 2, 3], "x1": [1, 2, 3]}, 3
    )

    assert predictions.flags == ((), ("not_finite",), ("not_finite",))


def test_a_category_outside_the_list_is_flagged_and_a_missing_one_is_not():
    feature = Feature("carrier", "category", "object", categories=("AA",))
    model = Model("m", "v1", "0" * 64, Signature((feature,), (Output("y", "regression"),)), _Zeros())

    assert model.predict({"carrier": ["AA", "ZZ", None]}, 3).flags == ((), ("unknown_category",), ())


def test_a_model_that_raises_is_a_model_failure_without_its_internals():
    class Raising(LinearRegression):
        def predict(self, X):
            raise ValueError("secret value 42")

    with pytest.raises(ModelFailureError, match=r"^The model failed: ValueError\.$"):
        matrix_model(Raising(), Output("y", "regression")).predict(COLUMNS, 5)


def test_a_model_that_answers_too_few_rows_is_a_model_failure():
    class Short(LinearRegression):
        def predict(self, X):
            return np.zeros(1)

    with pytest.raises(ModelFailureError, match="another number of rows"):
        matrix_model(Short(), Output("y", "regression")).predict(COLUMNS, 5)


class _Zeros(LinearRegression):
    def predict(self, X):
        return np.zeros(len(X))
