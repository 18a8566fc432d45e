import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lifecycle.performance.intervals import bootstrap, middle_95, wilson
from lifecycle.performance.metrics import Classified, Regressed, metrics_of, one_hot
from lifecycle.performance.realised import Labels, by_group, difference, labels_of, realised


def classified(rows, seed=0, skill=1.0):
    random = np.random.default_rng(seed)
    share = random.random(rows)
    true = (random.random(rows) < share).astype(int)
    stated = np.clip(share + random.normal(0, 1 - skill, rows) if skill < 1 else share, 0.001, 0.999)
    return Classified(2, (stated > 0.5).astype(int), np.column_stack([1 - stated, stated]), 1), one_hot(
        true, 2
    )


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts):
    successes, n = counts
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")

    assert wilson(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_a_share_of_nothing_may_be_anything():
    assert wilson(0, 0) == (0.0, 1.0)


def test_every_figure_lies_in_its_interval():
    answered, truth = classified(800)

    for figure in realised(answered, truth, repeats=100).values():
        assert figure.low <= figure.value <= figure.high
        assert figure.n > 0


def test_shares_have_wilsons_interval_and_the_rest_the_bootstraps():
    answered, truth = classified(300)

    methods = {name: figure.method for name, figure in realised(answered, truth, repeats=50).items()}

    assert {name for name, method in methods.items() if method == "wilson"} == {
        "accuracy",
        "precision",
        "recall",
    }
    assert methods["roc_auc"] == "bootstrap"


def test_the_bootstrap_interval_of_a_mean_is_that_of_theory():
    random = np.random.default_rng(0)
    predicted, true = np.zeros(2_000), random.normal(5, 1, 2_000)

    figure = realised(Regressed(predicted), true, repeats=1_000)["mae"]

    half = 1.96 * true.std() / np.sqrt(2_000)
    assert figure.low == pytest.approx(true.mean() - half, abs=half / 4)
    assert figure.high == pytest.approx(true.mean() + half, abs=half / 4)


def test_the_same_seed_gives_the_same_interval():
    answered, truth = classified(300)

    assert realised(answered, truth, repeats=40) == realised(answered, truth, repeats=40)
    assert realised(answered, truth, repeats=40) != realised(answered, truth, repeats=40, seed=1)


def test_a_hundred_thousand_rows_are_quick():
    answered, truth = classified(100_000)

    begun = time.process_time()
    bootstrap(metrics_of(answered), truth, seed=0, repeats=20)

    assert time.process_time() - begun < 2.0


def test_a_model_compared_with_itself_is_exactly_equal():
    answered, truth = classified(300)

    for figure in difference(answered, answered, truth, repeats=40).values():
        assert (figure.value, figure.low, figure.high) == (0.0, 0.0, 0.0)


def test_pairing_by_row_sees_what_two_intervals_would_not():
    better, truth = classified(2_000)
    worse, _ = classified(2_000, skill=0.9)

    paired = difference(worse, better, truth, repeats=200)["log_loss"]
    alone = [realised(each, truth, repeats=200)["log_loss"] for each in (better, worse)]

    assert paired.high < 0
    assert paired.high - paired.low < sum(figure.high - figure.low for figure in alone) / 2


def test_groups_are_measured_on_their_own_rows():
    answered, truth = classified(400)
    groups = np.repeat(["v1", "v2"], 200)

    found = by_group(answered, truth, groups, repeats=20)

    assert found["v2"] == realised(answered.rows(groups == "v2"), truth[groups == "v2"], repeats=20)
    assert found.keys() == {"v1", "v2"}


def test_a_metric_that_no_draw_defines_has_no_interval():
    assert all(np.isnan(middle_95(np.array([np.nan, np.nan]))))


def test_labels_tell_their_share_and_their_delay():
    labels = labels_of(400, [60.0, 120.0, 3_600.0])

    assert labels.coverage == pytest.approx(0.0075)
    assert labels.median_lag_s == 120.0
    assert labels_of(0, []) == Labels(0, 0)
    assert labels_of(0, []).coverage == 0.0


@pytest.mark.parametrize("n", [1, 4, 83, 1000])
def test_of_none_or_all_the_bound_is_exact(n):
    assert wilson(0, n)[0] == 0.0
    assert wilson(n, n)[1] == 1.0
