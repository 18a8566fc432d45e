import numpy as np
import pytest

from lifecycle.performance.baseline import Baseline, baselines, judge_performance
from lifecycle.performance.intervals import Figure
from lifecycle.performance.metrics import Regressed
from lifecycle.performance.realised import Labels

HOLDOUT = Baseline(0.70, 0.02, 10)
ENOUGH = Labels(400, 200)


def figure(value, half=0.01):
    return Figure(value, value - half, value + half, 400)


def judged(realised, labels=ENOUGH, estimated=None, baseline=HOLDOUT, metric="roc_auc"):
    return judge_performance(
        metric, baseline, {metric: realised}, labels, {} if estimated is None else {metric: estimated}
    )


def test_worse_by_more_than_three_deviations_is_bad():
    assert judged(figure(0.63)).bad is True
    assert judged(figure(0.65)).bad is False


def test_better_is_never_bad():
    assert judged(figure(0.90)).bad is False


def test_a_wide_interval_that_holds_the_holdout_value_excuses():
    assert judged(figure(0.60, half=0.11)).bad is False


def test_of_a_loss_more_is_worse():
    assert judged(figure(0.80), metric="log_loss").bad is True
    assert judged(figure(0.60), metric="log_loss").bad is False


@pytest.mark.parametrize("labels", [Labels(300, 199), Labels(1_000, 499)])
def test_too_few_labels_leave_it_to_the_estimate(labels):
    verdict = judged(figure(0.50), labels, estimated=figure(0.69))

    assert (verdict.source, verdict.bad) == ("estimated", False)


def test_enough_labels_outrank_the_estimate():
    assert judged(figure(0.50), estimated=figure(0.69)).source == "realised"


def test_neither_labels_nor_estimate_is_not_judged_and_says_so():
    verdict = judged(figure(0.50), Labels(1_000, 10))

    assert (verdict.source, verdict.bad) == ("none", None)
    assert verdict.reason == "ROC AUC is neither realised (labels for 1% of rows) nor estimated."


@pytest.mark.parametrize("baseline", [None, Baseline(0.7, None, 1), Baseline(0.7, 0.02, 5)])
def test_a_holdout_of_too_few_days_is_not_judged_and_says_so(baseline):
    verdict = judged(figure(0.50), baseline=baseline)

    assert verdict.bad is None
    assert "needs 6" in verdict.reason


def test_the_reason_tells_every_number():
    assert judged(figure(0.63)).reason == (
        "Realised ROC AUC is 0.630 (0.620 to 0.640); on the hold-out it was 0.700 with a standard deviation "
        "of 0.020 over 10 days."
    )


def test_a_baseline_is_the_whole_holdout_and_its_spread_over_full_days():
    predicted, actual = np.zeros(900), np.repeat([1.0, 2.0, 3.0, 100.0], [300, 300, 200, 100])

    found = baselines(Regressed(predicted), actual, np.repeat(["a", "b", "c", "d"], [300, 300, 200, 100]))

    assert found["mae"].value == pytest.approx(actual.mean())
    assert found["mae"].sd == pytest.approx(1.0)
    assert found["mae"].days == 3


def test_without_days_the_spread_is_unknown():
    assert baselines(Regressed(np.zeros(3)), np.ones(3), None)["mae"] == Baseline(1.0, None, 0)
