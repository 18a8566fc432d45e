import numpy as np
import pytest

from lifecycle.signature import Output
from retrain.caps import capped, label_change

LATE = Output("y", "classification", ("late", "on time"))


def test_no_key_gives_more_than_half_where_several_keys_tell():
    kept = capped(["flood"] * 900 + ["a"] * 60 + ["b"] * 40, 0.5)

    assert kept[900:].all()
    assert kept[:900].sum() == 100


def test_what_is_left_of_a_key_is_spread_over_all_of_its_rows():
    kept = np.flatnonzero(capped(["flood"] * 900 + ["a"] * 9, 0.5))

    assert (kept[0], kept[8]) == (0, 899)


@pytest.mark.parametrize("owners", [["only"] * 10, ["a"] * 5 + ["b"] * 5, []])
def test_a_single_key_and_fair_shares_are_left_alone(owners):
    assert capped(owners, 0.5).all()


def test_a_larger_share_may_be_allowed():
    assert capped(["flood"] * 90 + ["a"] * 10, 0.9).all()
    assert capped(["flood"] * 99 + ["a"], 1.0).all()


def test_the_largest_change_of_a_label_is_told():
    change, sentence = label_change(LATE, ["late"] * 2 + ["on time"] * 8, ["late"] * 9 + ["on time"])

    assert change == pytest.approx(0.7)
    assert "20.0% of the base set are late, and 90.0%" in sentence


def test_numbers_are_judged_by_their_mean_in_deviations():
    change, _ = label_change(Output("y", "regression"), [0.0, 2.0], [7.0, 7.0])

    assert change == pytest.approx(2.0)


def test_without_labels_nothing_changed():
    assert label_change(LATE, [], ["late"])[0] == 0.0
