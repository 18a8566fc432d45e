"""Each kind of pipeline has a plan that answers to the bit, or says which step runs as scikit-learn runs it."""

import warnings

import numpy as np
import pytest
from sklearn.utils import all_estimators

from intake.specimens import _parameters
from lifecycle.compiled.proof import Thoroughness, fast_path_for
from lifecycle.errors import ModelFailureError
from lifecycle.model import Model
from lifecycle.signature import Feature, Output, Signature, positional_names
from tests import honest_models, pipelines

EFFORT = Thoroughness(512, 1024, 2)
SMALL = Thoroughness(32, 32, 2)


@pytest.mark.parametrize("name", pipelines.PLANNED)
def test_a_planned_pipeline_answers_to_the_bit_without_scikit_learn(name):
    model = pipelines.fitted(name)

    found = fast_path_for(model.estimator, model.signature, pipelines.rows_for(model), EFFORT)

    assert found.plan is not None, (found.step, found.reason)
    assert [note for note in found.notes if not note.exact] == []
    assert found.proof.equality == "bits"
    assert found.proof.rows >= 500


@pytest.mark.parametrize("name", pipelines.PARTLY)
def test_a_step_without_an_exact_form_runs_as_scikit_learn_runs_it_and_says_so(name):
    model = pipelines.fitted(name)

    found = fast_path_for(model.estimator, model.signature, pipelines.rows_for(model), EFFORT)

    assert found.plan is not None, (found.step, found.reason)
    others = [note for note in found.notes if not note.exact]
    assert others
    assert all(note.reason for note in others)


def test_at_least_twenty_five_kinds_are_planned():
    assert len(pipelines.PLANNED) >= 25


@pytest.mark.parametrize("rows", [1, 2, 7, 40])
@pytest.mark.parametrize(
    "name", ["sparse one-hot and logistic regression", "a forest", "histogram boosting of values"]
)
def test_every_number_of_rows_is_answered_as_the_estimator_answers_it(name, rows):
    model = pipelines.fitted(name)
    columns = pipelines.rows_for(model, rows)
    fast = Model(
        "m", "v1", "0" * 64, model.signature, model.estimator,
        fast_path_for(model.estimator, model.signature, pipelines.rows_for(model), EFFORT),
    )  # fmt: skip

    assert fast.fast.plan is not None
    assert fast.predict(columns, rows) == model.predict(columns, rows)
    assert fast.predict(columns, rows, "predict") == model.predict(columns, rows, "predict")


def test_the_models_that_teams_hand_over_are_all_answered_alike():
    used = {name: path for name in honest_models.NAMES if (path := _honest_path(name)) is not None}

    assert len(used) > 40
    assert [name for name, path in used.items() if path.plan is None] == []


def _honest_path(name):
    estimator, rows = honest_models.fitted(name)
    if not isinstance(rows, np.ndarray) or rows.ndim != 2:
        return fast_path_for(*_framed(estimator, rows), SMALL) if not isinstance(rows, np.ndarray) else None
    return fast_path_for(estimator, _matrix_signature(estimator, rows.shape[1]), _columns(rows), SMALL)


def _framed(estimator, rows):
    if isinstance(rows, list):
        feature = Feature("x0", "text", "object", nullable=False)
        return estimator, Signature((feature,), (_output(estimator),), False, "texts"), {"x0": rows[:8]}
    features = tuple(
        Feature(name, *{"f": ("number", "float64"), "b": ("boolean", "bool")}.get(rows[name].dtype.kind, ("category", "object")),
                nullable=False, categories=() if rows[name].dtype.kind in "fb" else ("a", "b", "c"))
        for name in estimator.feature_names_in_
    )  # fmt: skip
    columns = {feature.name: rows[feature.name].head(8).tolist() for feature in features}
    return estimator, Signature(features, (_output(estimator),)), columns


def _matrix_signature(estimator, count):
    features = tuple(Feature(name, "number", "float64", nullable=False) for name in positional_names(count))
    return Signature(features, (_output(estimator),), named=False, layout="matrix")


def _output(estimator):
    if getattr(estimator, "_estimator_type", None) == "classifier" or hasattr(estimator, "classes_"):
        methods = [name for name in ("predict_proba", "decision_function") if hasattr(estimator, name)]
        labels = tuple(np.asarray(estimator.classes_).tolist())
        return Output("y0", "classification", labels, None, (*methods[:1], "predict"))
    return Output("y0", "regression")


def _columns(rows, count=12):
    return {f"x{index}": rows[:count, index].tolist() for index in range(rows.shape[1])}


X = np.abs(np.random.default_rng(5).normal(size=(60, 4)))
TARGETS = {"classifier": (X[:, 0] > X[:, 1]).astype(int), "regressor": X[:, 0] * 2 + X[:, 1]}


def _single_output(kind):
    return [
        (name, each)
        for name, each in all_estimators(type_filter=kind)
        if not name.startswith("Multi") and "Chain" not in name
    ]


KINDS = [(kind, name, each) for kind in TARGETS for name, each in _single_output(kind)]


@pytest.mark.parametrize(("kind", "name", "each"), KINDS, ids=[name for _, name, _ in KINDS])
def test_every_estimator_of_scikit_learn_still_serves_with_a_plan_or_with_a_reason(kind, name, each):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            estimator = each(**_parameters(each)).fit(X, TARGETS[kind])
        except (TypeError, ValueError) as problem:
            pytest.skip(f"takes other data: {type(problem).__name__}")
    signature = _matrix_signature(estimator, 4)
    path = fast_path_for(estimator, signature, _columns(X), SMALL)
    model = Model("m", "v1", "0" * 64, signature, estimator, path)

    assert path.plan is not None or (path.step and path.reason)
    try:
        expected = model.by_estimator().predict(_columns(X), 12)
    except ModelFailureError:
        return
    answered = model.predict(_columns(X), 12)
    assert [answer.labels for answer in answered.answers] == [answer.labels for answer in expected.answers]
    for left, right in zip(answered.answers, expected.answers, strict=True):
        np.testing.assert_allclose(
            np.array(left.values or left.probabilities or left.scores or []),
            np.array(right.values or right.probabilities or right.scores or []),
            rtol=1e-12, equal_nan=True,
        )  # fmt: skip
