import numpy as np
import pytest

from lifecycle.performance.baseline import Baseline, baselines
from lifecycle.performance.calibration import apply, fit
from lifecycle.performance.estimated import estimate
from lifecycle.performance.metrics import Classified, metrics_of, one_hot


def night(rows, seed, easy=1.0):
    """Rows whose true share is known; the model overstates it. `easy` < 1 draws rows near even odds."""
    random = np.random.default_rng(seed)
    true_share = 0.5 + (random.random(rows) - 0.5) * easy
    stated = np.clip((true_share - 0.5) * 1.6 + 0.5, 0.001, 0.999)
    truth = one_hot((random.random(rows) < true_share).astype(int), 2)
    return Classified(2, (stated > 0.5).astype(int), np.column_stack([1 - stated, stated]), 1), truth


def several(rows, seed):
    random = np.random.default_rng(seed)
    true_shares = random.dirichlet(np.ones(3), rows)
    stated = true_shares**2 / (true_shares**2).sum(axis=1, keepdims=True)
    truth = one_hot(np.array([random.choice(3, p=row) for row in true_shares]), 3)
    return Classified(3, stated.argmax(axis=1), stated), truth


@pytest.fixture(scope="module")
def calibration():
    answered, truth = night(8_000, seed=100)
    return fit(answered.shares, truth, positive=1)


def test_recalibration_brings_overstated_shares_back(calibration):
    answered, truth = night(20_000, seed=1)
    recalibrated = Classified(2, answered.chosen, apply(calibration, answered.shares), 1)
    ones = np.ones(len(truth))

    before = metrics_of(answered)["calibration_error"](truth, ones)
    after = metrics_of(recalibrated)["calibration_error"](truth, ones)

    assert before > 0.08
    assert after < 0.02
    assert calibration.error < 0.03


def test_recalibrated_shares_sum_to_one_and_keep_their_order(calibration):
    stated = np.linspace(0, 1, 101)

    found = apply(calibration, np.column_stack([1 - stated, stated]))

    assert found.sum(axis=1) == pytest.approx(1)
    assert (np.diff(found[:, 1]) >= 0).all()


def test_the_estimate_follows_a_real_drop_before_any_label_arrives(calibration):
    """Rows became harder (no concept drift): the estimate must say so, close to what labels say later."""
    answered, truth = night(4_000, seed=2, easy=0.4)

    figures = estimate(calibration, answered).figures
    realised = {name: metrics_of(answered)[name](truth, np.ones(len(truth))) for name in figures}

    assert realised["accuracy"] < 0.65
    for name in ("accuracy", "roc_auc", "log_loss", "brier", "f1"):
        assert figures[name].value == pytest.approx(realised[name], abs=0.05), name


def test_the_interval_holds_the_realised_value_in_about_95_of_100_nights():
    """Each night with a calibration of its own: both kinds of error count."""
    inside = []
    for seed in range(40):
        reference, reference_truth = night(2_000, seed=1_000 + seed)
        calibration = fit(reference.shares, reference_truth, positive=1)
        answered, truth = night(500, seed=seed)
        figures = estimate(calibration, answered, seed=seed).figures
        metrics = metrics_of(answered)
        inside += [
            not figures[name].excludes(metrics[name](truth, np.ones(500)))
            for name in ("accuracy", "roc_auc", "brier")
        ]

    assert 0.89 <= np.mean(inside) <= 0.995


def test_more_classes_are_estimated_too():
    reference, reference_truth = several(6_000, seed=1)
    answered, truth = several(2_000, seed=2)

    found = estimate(fit(reference.shares, reference_truth, positive=None), answered).figures

    accuracy = metrics_of(answered)["accuracy"](truth, np.ones(2_000))
    assert found["accuracy"].value == pytest.approx(accuracy, abs=0.03)
    assert not found["accuracy"].excludes(accuracy)


def test_the_calibration_is_not_its_own_judge(calibration):
    assert "calibration_error" not in estimate(calibration, night(300, seed=3)[0]).figures


def test_assumptions_are_told_and_checked(calibration):
    good = estimate(calibration, night(300, seed=3)[0])
    strange = estimate(calibration, night(300, seed=3)[0], strange=0.2)
    small = estimate(calibration, night(50, seed=3)[0])

    assert good.trusted
    assert not strange.trusted
    assert not small.trusted
    assert good.assumptions[-1].holds is None
    assert "20.0% do not" in strange.assumptions[1].sentence


def test_a_classifier_without_probabilities_has_no_estimate(calibration):
    with pytest.raises(ValueError, match="needs probabilities"):
        estimate(calibration, Classified(2, np.array([0, 1])))


def test_days_that_are_odd_as_a_whole_widen_the_interval():
    """On each day the truth is off by a common amount that no single row shows."""
    random = np.random.default_rng(5)
    days, rows = 20, 300
    share = random.random(days * rows)
    true_share = np.clip(share + np.repeat(random.normal(0, 0.15, days), rows), 0, 1)
    truth = one_hot((random.random(days * rows) < true_share).astype(int), 2)
    answered = Classified(2, (share > 0.5).astype(int), np.column_stack([1 - share, share]), 1)
    calibration = fit(answered.shares, truth, positive=1)
    night = answered.rows(np.arange(rows))

    known = baselines(answered, truth, np.repeat(np.arange(days), rows), calibration)
    alone = estimate(calibration, night).figures["brier"]
    widened = estimate(calibration, night, known).figures["brier"]

    assert known["brier"].estimate_error > 0.01
    assert widened.value == alone.value
    assert widened.high - widened.low > 1.3 * (alone.high - alone.low)


def test_no_interval_reaches_to_where_its_metric_can_not_be(calibration):
    answered, _ = night(250, seed=5)
    odd = {name: Baseline(0.5, 0.3, 16, estimate_error=5.0) for name in ("roc_auc", "brier", "log_loss")}

    figures = estimate(calibration, answered, odd).figures

    assert (figures["roc_auc"].low, figures["roc_auc"].high) == (0.0, 1.0)
    assert (figures["brier"].low, figures["brier"].high) == (0.0, 2.0)
    assert figures["log_loss"].low == 0.0
    assert figures["log_loss"].high > 5
