from dataclasses import replace

import numpy as np
import pytest

from lifecycle.performance.intervals import Figure
from retrain.blessing import gain, objections
from retrain.comparison import Beside, Comparison, Side, Slice
from retrain.costs import Costs
from retrain.limits import Limits


def figure(value, half=0.002):
    return Figure(value, value - half, value + half, 1000)


def side(difference=0.01, half=0.002, metric="roc_auc", champion=0.7, disagreement=0.1):
    return Side(
        1000,
        {metric: figure(champion)},
        {metric: figure(champion + difference)},
        {metric: figure(difference, half)},
        disagreement,
    )


def comparison(newest=None, trusted=None, **more):
    made = Comparison(
        "roc_auc",
        newest or side(),
        trusted or side(),
        (),
        None,
        0.05,
        0.5,
        Costs({"1": 5.0, "100": 8.0}, {"1": 5.0, "100": 8.0}, 1000, 1000),
    )
    return replace(made, **more)


def against(made, **limits):
    return " ".join(objections(made, Limits(**limits)))


def test_a_better_challenger_is_blessed():
    assert objections(comparison(), Limits()) == ()


def test_the_lower_bound_decides_on_the_newest_slice_not_the_value():
    assert objections(comparison(side(0.0, 0.0049)), Limits()) == ()
    assert "newest slice" in against(comparison(side(0.0, 0.0051)))


def test_the_trusted_set_allows_more_and_not_everything():
    assert objections(comparison(trusted=side(-0.04, 0.009)), Limits()) == ()
    assert "trusted set" in against(comparison(trusted=side(-0.04, 0.011)))


def test_without_a_trusted_set_nothing_is_blessed():
    assert "no trusted set" in against(replace(comparison(), trusted=None))


def test_no_output_pays_for_another():
    def beside(newest, trusted):
        return comparison(beside=(Beside("connection", "roc_auc", newest, trusted),))

    assert objections(beside(side(), None), Limits()) == ()
    (newest,) = objections(beside(side(-0.02), side()), Limits())
    (trusted,) = objections(beside(side(), side(-0.08)), Limits())
    assert newest.startswith("Output connection: On the newest slice")
    assert trusted.startswith("Output connection: On the trusted set")


def test_a_bound_that_can_not_be_computed_is_not_passed():
    assert "may be worse" in against(comparison(side(np.nan)))


def test_it_must_beat_a_constant_answer_and_the_floor():
    assert "constant answer" in against(comparison(no_skill=0.72))
    assert "floor of 0.8" in against(comparison(), floor=0.8)
    assert objections(comparison(), Limits(floor=0.7)) == ()


def test_a_slice_fails_only_when_even_its_upper_bound_is_below_the_margin():
    def sliced(value, half):
        return comparison(slices=(Slice("carrier", "AA", 300, figure(value, half)),))

    assert objections(sliced(-0.06, 0.02), Limits()) == ()
    assert "carrier is AA" in against(sliced(-0.08, 0.02))
    assert objections(sliced(np.nan, 0.0), Limits()) == ()


def test_too_many_changed_answers_are_for_a_person():
    assert "labels 30.0% of the trusted rows otherwise" in against(comparison(trusted=side(disagreement=0.3)))
    assert objections(comparison(trusted=side(disagreement=0.3)), Limits(answer_change=0.5)) == ()


def test_slower_and_larger_ones_are_not_blessed():
    slow = Costs({"1": 5.0}, {"1": 11.0}, 1000, 1000)
    assert "11.0 ms for 1 rows" in against(comparison(costs=slow))
    assert objections(comparison(costs=replace(slow, challenger_ms={"1": 9.9})), Limits()) == ()
    big = Costs({}, {}, 100 << 20, 300 << 20)
    assert "300 MiB" in against(comparison(costs=big))


def test_values_that_it_no_longer_takes_are_told():
    assert "no longer takes carrier 'AA'" in against(comparison(lost=("carrier 'AA'",)))


def test_for_losses_lower_is_better_and_margins_are_shares_of_the_champions():
    worse = gain("mae", Figure(0.1, 0.05, 0.15, 10), 10.0)

    assert (worse.value, worse.low, worse.high) == pytest.approx((-0.01, -0.015, -0.005))
    lower = side(-0.2, 0.01, metric="mae", champion=10.0)
    assert objections(comparison(lower, lower, metric="mae", no_skill=12.0), Limits()) == ()
    higher = side(0.2, 0.01, metric="mae", champion=10.0)
    assert "newest slice" in against(comparison(higher, lower, metric="mae", no_skill=12.0))
