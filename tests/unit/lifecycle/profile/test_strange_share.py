import numpy as np
import pytest

from lifecycle.profile.profile import count, strange_share
from lifecycle.reference.build import Reference, build_profile
from lifecycle.signature import Feature, Signature

SIGNATURE = Signature((Feature("temp", "number", "float64"), Feature("kind", "category", "object")), ())
COLUMNS = {"temp": np.random.default_rng(0).random(3_000), "kind": ["a"] * 3_000}
PROFILE = build_profile(SIGNATURE, Reference(COLUMNS, {}, 3_000))


def strange(temp, kind):
    return strange_share(PROFILE, count(PROFILE, {"temp": temp, "kind": kind}, {}, len(temp)))


def test_the_reference_is_not_strange_to_itself():
    assert strange(COLUMNS["temp"], COLUMNS["kind"]) == 0.0


@pytest.mark.parametrize("beyond", [-5.0, 5.0])
def test_rows_beyond_the_range_are_strange_at_either_end(beyond):
    assert strange([0.5] * 75 + [beyond] * 25, ["a"] * 100) == pytest.approx(0.25, abs=0.001)


def test_unseen_categories_are_strange_and_the_worst_feature_counts():
    assert strange([0.5] * 90 + [5.0] * 10, ["a"] * 60 + ["x"] * 40) == 0.4


def test_a_broken_column_and_an_empty_night_say_nothing():
    assert strange(["calm"] * 10, ["a"] * 10) == 0.0
    assert strange([], []) == 0.0
