import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from lifecycle.performance.metrics import Classified, Regressed, metrics_of, one_hot


def answers(seed, labels, rows=300, decimals=2):
    """Rows of random shares with ties, and labels that follow them somewhat."""
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.ones(labels), rows).round(decimals) + 1e-3
    shares /= shares.sum(axis=1, keepdims=True)
    true = np.array([random.choice(labels, p=row) for row in shares])
    return Classified(labels, shares.argmax(axis=1), shares, 1 if labels == 2 else None), true


def values(answered, true):
    truth = one_hot(true, answered.labels)
    return {name: metric(truth, np.ones(len(truth))) for name, metric in metrics_of(answered).items()}


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_two_classes_are_measured_as_scikit_learn_does(seed):
    answered, true = answers(seed, 2)
    positive = answered.shares[:, 1]

    expected = {
        "accuracy": sk.accuracy_score(true, answered.chosen),
        "precision": sk.precision_score(true, answered.chosen),
        "recall": sk.recall_score(true, answered.chosen),
        "f1": sk.f1_score(true, answered.chosen),
        "roc_auc": sk.roc_auc_score(true, positive),
        "log_loss": sk.log_loss(true, answered.shares),
        "brier": sk.brier_score_loss(true, positive),
    }

    found = values(answered, true)

    assert {name: found[name] for name in expected} == pytest.approx(expected)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_more_classes_are_measured_as_scikit_learn_does(seed):
    answered, true = answers(seed, 4)
    labels = list(range(4))

    expected = {
        "accuracy": sk.accuracy_score(true, answered.chosen),
        "precision": sk.precision_score(true, answered.chosen, average="macro", labels=labels),
        "recall": sk.recall_score(true, answered.chosen, average="macro", labels=labels),
        "f1": sk.f1_score(true, answered.chosen, average="macro", labels=labels),
        "log_loss": sk.log_loss(true, answered.shares, labels=labels),
        "brier": sk.brier_score_loss(true, answered.shares, labels=labels),
    }

    found = values(answered, true)

    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert "roc_auc" not in found


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_numbers_are_measured_as_scikit_learn_does(seed):
    random = np.random.default_rng(seed)
    predicted, true = random.normal(size=200), random.normal(3, 2, size=200)

    found = {name: metric(true, np.ones(200)) for name, metric in metrics_of(Regressed(predicted)).items()}

    assert found == pytest.approx(
        {
            "mae": sk.mean_absolute_error(true, predicted),
            "rmse": sk.root_mean_squared_error(true, predicted),
            "r2": sk.r2_score(true, predicted),
        }
    )


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_a_weight_is_a_row_that_occurs_that_often(seed):
    answered, true = answers(seed, 2, rows=60)
    weights = np.random.default_rng(seed).integers(1, 4, 60)
    where = np.repeat(np.arange(60), weights)

    repeated = values(answered.rows(where), true[where])

    weighted = {
        name: metric(one_hot(true, 2), weights.astype(float)) for name, metric in metrics_of(answered).items()
    }
    assert weighted == pytest.approx(repeated)


def test_shares_that_are_right_have_hardly_any_calibration_error():
    random = np.random.default_rng(0)
    share = random.random(100_000)
    true = (random.random(100_000) < share).astype(int)

    honest = Classified(2, (share > 0.5).astype(int), np.column_stack([1 - share, share]), 1)
    boasting = Classified(2, honest.chosen, np.column_stack([1 - share**0.3, share**0.3]), 1)

    assert values(honest, true)["calibration_error"] < 0.01
    assert values(boasting, true)["calibration_error"] == pytest.approx(1 / 1.3 - 0.5, abs=0.01)


def test_decision_scores_have_a_roc_auc_and_no_losses():
    true = np.array([0, 0, 1, 1])
    answered = Classified(2, np.array([0, 0, 0, 1]), positive=1, ranking=np.array([-3.0, 0.1, 0.0, 2.0]))

    found = values(answered, true)

    assert found["roc_auc"] == 0.75
    assert found.keys() == {"accuracy", "precision", "recall", "f1", "roc_auc"}


def test_what_is_not_defined_is_nan_and_a_label_never_chosen_has_precision_0():
    answered = Classified(2, np.array([0, 0]), np.array([[0.9, 0.1], [0.8, 0.2]]), 1)

    found = values(answered, np.array([0, 0]))

    assert np.isnan(found["roc_auc"])
    assert found["precision"] == 0.0


def test_a_share_of_exactly_0_for_the_truth_is_a_large_finite_loss():
    answered = Classified(2, np.array([0]), np.array([[1.0, 0.0]]), 1)

    assert 30 < values(answered, np.array([1]))["log_loss"] < 40
