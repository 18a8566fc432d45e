"""Golden rows survive their file, and a model that answers them otherwise is found out."""

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from lifecycle import golden
from lifecycle.errors import CorruptBundleError
from lifecycle.golden import GoldenRows, replay
from lifecycle.model import Model
from lifecycle.signature import Feature, Output, Signature
from lifecycle.verdict import Outcome

POINTS = np.random.default_rng(3).normal(size=(40, 2))
COLUMNS = {"x0": POINTS[:6, 0].tolist(), "x1": POINTS[:6, 1].tolist()}
FEATURES = (Feature("x0", "number", "float64"), Feature("x1", "number", "float64"))


def model_of(estimator, output):
    return Model("m", "v1", "0" * 64, Signature(FEATURES, (output,), named=False, layout="matrix"), estimator)


CLASSIFIER = model_of(
    LogisticRegression().fit(POINTS, POINTS[:, 0] > 0),
    Output("y", "classification", (False, True), methods=("predict_proba", "predict")),
)
MODELS = {
    "classifier": CLASSIFIER,
    "scores": model_of(
        LinearSVC().fit(POINTS, POINTS[:, 0] > 0),
        Output("y", "classification", (False, True), methods=("decision_function", "predict")),
    ),
    "many scores": model_of(
        LinearSVC().fit(POINTS, np.arange(40) % 3),
        Output("y", "classification", (0, 1, 2), methods=("decision_function", "predict")),
    ),
    "regressor": model_of(LinearRegression().fit(POINTS, POINTS[:, 0]), Output("y", "regression")),
    "transformer": model_of(StandardScaler().fit(POINTS), Output("y", "transform", methods=("transform",))),
}


def golden_of(model):
    return GoldenRows(COLUMNS, 6, model.predict(COLUMNS, 6).answers)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_golden_rows_of_every_kind_of_answer_survive_their_file_and_pass(model):
    stored = msgspec.json.encode(golden_of(model).to_document())
    read = golden.from_document(msgspec.json.decode(stored))

    assert read == golden_of(model)
    assert replay(model, read).outcome is Outcome.PASSED


def test_another_model_fails_and_the_reason_names_the_part():
    other = replace(CLASSIFIER, estimator=LogisticRegression(C=0.01).fit(POINTS, POINTS[:, 0] > 0))

    verdict = replay(other, golden_of(CLASSIFIER))

    assert verdict.outcome is Outcome.FAILED
    assert "Output 'y': probabilities differ from the golden rows." in verdict.reasons


def test_the_last_bits_that_another_processor_gives_are_no_difference():
    rows = golden_of(CLASSIFIER)
    nudged = [[share * (1 + 1e-13) for share in shares] for shares in rows.answers[0].probabilities]
    rows = replace(rows, answers=(msgspec.structs.replace(rows.answers[0], probabilities=nudged),))

    assert replay(CLASSIFIER, rows).outcome is Outcome.PASSED


def test_a_difference_above_the_tolerance_is_one():
    rows = golden_of(CLASSIFIER)
    nudged = [[share * (1 + 1e-7) for share in shares] for shares in rows.answers[0].probabilities]
    rows = replace(rows, answers=(msgspec.structs.replace(rows.answers[0], probabilities=nudged),))

    assert replay(CLASSIFIER, rows).outcome is Outcome.FAILED


def test_a_model_that_can_not_answer_is_an_error():
    class Raising(LinearRegression):
        def predict(self, X):
            raise ValueError

    model = model_of(Raising(), Output("y", "regression"))

    assert replay(model, golden_of(MODELS["regressor"])).outcome is Outcome.ERROR


def test_a_missing_answer_equals_a_missing_answer_only():
    assert golden._close(math.nan, None)
    assert not golden._close(math.nan, 1.0)
    assert not golden._close(1.0, None)
    assert not golden._close([1.0], 1.0)


@pytest.mark.parametrize("document", [{}, {"columns": 3}, {"columns": {}, "rows": "x", "answers": []}])
def test_anything_else_is_no_golden_file(document):
    with pytest.raises(CorruptBundleError):
        golden.from_document(document)
