"""A plan that answers wrongly is caught before it is used: at registration, at load, and on live requests."""

import copy
import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import orjson
import pytest

from intake.build import build
from intake.register import Request
from lifecycle.bundle import signature_to_bytes, verify
from lifecycle.compiled.fast_path import FastPath, Proof
from lifecycle.compiled.plan import make_plan
from lifecycle.compiled.proof import AT_LOAD, AT_REGISTRATION, Thoroughness, fast_path_for
from lifecycle.compiled.recheck import Answered, Recheck
from lifecycle.compiled.shapes import UnplannableError
from lifecycle.loading import load_verified
from lifecycle.model import Model
from tests import pipelines

ONLY_SPLITS = Thoroughness(0, 0, 2, 10_000)


def wrong_threshold(estimator, signature, node=0):
    """The plan of a model that differs from the estimator in one threshold of one tree, by a hundredth."""
    other = copy.deepcopy(estimator)
    last = other.steps[-1][1]
    tree = getattr(last, "estimators_", [last])[0].tree_
    tree.threshold[node] += 0.01
    return make_plan(other, signature)


def wrong_coefficient(estimator, signature):
    other = copy.deepcopy(estimator)
    other.steps[-1][1].coef_[0, 0] *= 1 + 1e-9
    return make_plan(other, signature)


def wrong_mean(estimator, signature):
    other = copy.deepcopy(estimator)
    other.steps[0][1].named_transformers_["numbers"].steps[1][1].mean_[0] += 1e-6
    return make_plan(other, signature)


def wrong_category(estimator, signature):
    other = copy.deepcopy(estimator)
    encoder = other.steps[0][1].named_transformers_["kinds"].steps[1][1]
    encoder.categories_[0][[0, 1]] = encoder.categories_[0][[1, 0]]
    return make_plan(other, signature)


def refusing(estimator, signature):
    raise UnplannableError("SomeStep", "it has no plan.")


def failing(estimator, signature):
    plan = make_plan(estimator, signature)

    def fails(_block, _wanted):
        raise ZeroDivisionError

    return replace(plan, final=fails)


POISONED = {
    "threshold of a tree": ("a tree", wrong_threshold, "DecisionTreeRegressor"),
    "threshold in a forest": ("a forest", wrong_threshold, "RandomForestClassifier"),
    "coefficient": ("dense one-hot and logistic regression", wrong_coefficient, "LogisticRegression"),
    "mean of a scaler": ("dense one-hot and logistic regression", wrong_mean, "ColumnTransformer"),
    "category": ("dense one-hot and logistic regression", wrong_category, "ColumnTransformer"),
}


@pytest.mark.parametrize("effort", [AT_REGISTRATION, AT_LOAD], ids=["registration", "load"])
@pytest.mark.parametrize("poison", POISONED)
def test_a_poisoned_plan_is_not_used_and_its_step_is_named(poison, effort):
    name, planner, step = POISONED[poison]
    model = pipelines.fitted(name)

    found = fast_path_for(
        model.estimator, model.signature, pipelines.rows_for(model), replace(effort, single=2), planner
    )

    assert found.plan is None
    assert found.step == step
    assert "differ" in found.reason


def test_a_plan_that_fails_is_not_used():
    model = pipelines.fitted("a tree")

    found = fast_path_for(model.estimator, model.signature, pipelines.rows_for(model), AT_LOAD, failing)

    assert found.plan is None
    assert "fails where scikit-learn answers" in found.reason


def test_a_plan_that_answers_what_the_estimator_refuses_is_not_used():
    """Logarithms of negative numbers: the linear model refuses NaN, this plan answers 0."""
    model = pipelines.fitted("logarithms")

    def hiding(estimator, signature):
        plan = make_plan(estimator, signature)
        return replace(plan, final=lambda block, wanted: plan.final(np.nan_to_num(block), wanted))

    found = fast_path_for(
        model.estimator, model.signature, {**pipelines.rows_for(model), "hour": [-5.0] * 40}, AT_LOAD, hiding
    )

    assert found.plan is None
    assert "refuses" in found.reason


def test_a_wrong_threshold_is_found_however_deep_in_the_tree_it_lies():
    model = pipelines.fitted("a tree")
    tree = model.estimator.steps[-1][1].tree_
    numeric = [node for node in np.flatnonzero(tree.feature >= 0) if tree.feature[node] < 2]

    for node in numeric:
        poison = partial(wrong_threshold, node=node)
        found = fast_path_for(
            model.estimator, model.signature, pipelines.rows_for(model), ONLY_SPLITS, poison
        )
        assert found.plan is None, node


@pytest.fixture(scope="module")
def handed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handed")
    model = pipelines.fitted("a forest")
    (folder / "model.pkl").write_bytes(pickle.dumps(model.estimator))
    pipelines.TABLE[list(model.signature.names)].to_csv(folder / "sample.csv", index=False)
    return folder


def build_with(handed, folder, planner):
    request = Request(str(handed / "model.pkl"), "flights", sample=str(handed / "sample.csv"))
    return folder, build(request, folder, planner)


@pytest.fixture(scope="module")
def built(handed, tmp_path_factory):
    return build_with(handed, tmp_path_factory.mktemp("bundle"), make_plan)


def loaded(folder, manifest, keys, trust, planner):
    for role in ("registration", "admission"):
        (folder / f"{role}.json").write_bytes(signature_to_bytes(keys[role].sign(manifest.digest.encode())))
    assert verify(folder, manifest.digest, trust) == manifest
    return load_verified(folder, manifest.digest, "v1", trust, planner=planner)


def test_registration_records_what_it_proved(built):
    _, manifest = built

    assert manifest.fast_path["used"] is True
    assert manifest.fast_path["equality"] == "bits"
    assert manifest.fast_path["rows"] >= 4096


def test_registration_refuses_a_poisoned_plan_and_no_load_tries_again(handed, tmp_path, keys, trust):
    (folder := tmp_path / "bundle").mkdir()
    folder, manifest = build_with(handed, folder, wrong_threshold)

    assert manifest.fast_path["used"] is False
    assert manifest.fast_path["step"] == "RandomForestClassifier"
    model = loaded(folder, manifest, keys, trust, make_plan)
    assert model.fast.plan is None
    assert model.fast.step == "RandomForestClassifier"


def test_a_load_proves_the_plan_again(built, keys, trust):
    folder, manifest = built

    assert loaded(folder, manifest, keys, trust, make_plan).fast.plan is not None
    poisoned = loaded(folder, manifest, keys, trust, wrong_threshold)
    assert poisoned.fast.plan is None
    assert poisoned.fast.step == "RandomForestClassifier"


def test_a_service_may_be_told_to_ask_scikit_learn_every_time(built, keys, trust):
    folder, manifest = built

    assert loaded(folder, manifest, keys, trust, None).fast.plan is None


def answered(model, rows=40):
    columns = pipelines.rows_for(model, rows)
    return Answered(model, columns, rows, None, model.predict(columns, rows))


def with_plan(name, planner):
    """As if it had been proven: what the live check is there for."""
    model = pipelines.fitted(name)
    return replace(model, fast=FastPath(planner(model.estimator, model.signature), Proof("bits", 4096)))


def test_live_requests_that_agree_leave_the_plan_on(tmp_path):
    model = with_plan("a forest", make_plan)

    assert Recheck(tmp_path).check(answered(model)) == "agreed"
    assert model.fast.plan is not None
    assert list(tmp_path.iterdir()) == []


def test_one_live_disagreement_switches_the_plan_off_and_keeps_the_rows(tmp_path):
    model = with_plan("dense one-hot and logistic regression", wrong_mean)
    request = answered(model)

    assert Recheck(tmp_path).check(request) == "disagreed"
    assert model.fast.plan is None
    assert model.predict(request.columns, 40) == model.by_estimator().predict(request.columns, 40)
    kept = orjson.loads(next(tmp_path.iterdir()).read_bytes())
    assert kept["columns"]["hour"] == request.columns["hour"]
    assert kept["by_plan"] != kept["by_estimator"]


def test_a_private_feature_is_not_kept(tmp_path):
    model = with_plan("dense one-hot and logistic regression", wrong_mean)
    inputs = tuple(
        replace(each, privacy="hash") if each.name == "hour" else each for each in model.signature.inputs
    )
    private = Model("m", "v1", "0" * 64, replace(model.signature, inputs=inputs), model.estimator, model.fast)

    Recheck(tmp_path).check(answered(private))

    kept = orjson.loads(next(tmp_path.iterdir()).read_bytes())
    assert "hour" not in kept["columns"]
    assert kept["withheld"] == ["hour"]


def test_a_request_is_checked_aside_and_told(tmp_path):
    told = []
    recheck = Recheck(tmp_path, told.append)
    model = with_plan("dense one-hot and logistic regression", wrong_mean)

    recheck.offer(answered(model))
    recheck.wait()

    assert told == ["disagreed"]
    assert model.fast.plan is None


def test_requests_are_checked_at_most_once_in_an_interval(tmp_path):
    told = []
    now = [100.0]
    recheck = Recheck(None, told.append, every_s=1.0, monotonic=lambda: now[0])
    model = with_plan("a forest", make_plan)

    for moment in (100.0, 100.5, 100.9, 101.5):
        now[0] = moment
        recheck.offer(answered(model))
        recheck.wait()

    assert told == ["agreed", "agreed"]
