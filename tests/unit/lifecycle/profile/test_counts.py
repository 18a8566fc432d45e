import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.profile.bins import category_bins, number_bins
from lifecycle.profile.counts import Counts, merge, merge_columns, moments_of, without
from lifecycle.profile.document import counts_to_document
from lifecycle.profile.profile import Column, Profile, count, count_values

EDGES = number_bins(np.random.default_rng(1).normal(size=3_000))
NAMES = category_bins({"a": 5, "b": 3, "c": 1})
PROFILE = Profile(
    {
        "size": Column("size", "number", EDGES, count_values(EDGES, "number", [0.0])),
        "name": Column("name", "category", NAMES, count_values(NAMES, "category", ["a"])),
    },
    {},
)

value = st.one_of(st.none(), st.floats(-5, 5))
name = st.sampled_from(["a", "b", "c", "stranger", None])
rows = st.lists(st.tuples(value, name), max_size=12)


def counted(segment):
    columns = {"size": [size for size, _ in segment], "name": [text for _, text in segment]}
    return count(PROFILE, columns, {}, len(segment))


def same(first: Counts, second: Counts) -> bool:
    one, other = counts_to_document(first), counts_to_document(second)
    for document in (one, other):
        for column in document["features"].values():
            column["moments"] = [round(part, 9) if part is not None else None for part in column["moments"]]
    return one == other


@settings(max_examples=40)
@given(rows, rows)
def test_merging_is_commutative(first, second):
    one, other = counted(first), counted(second)

    assert same(merge(one, other), merge(other, one))


@settings(max_examples=40)
@given(rows, rows, rows)
def test_merging_is_associative(first, second, third):
    one, two, three = counted(first), counted(second), counted(third)

    assert same(merge(merge(one, two), three), merge(one, merge(two, three)))


@settings(max_examples=40)
@given(rows, st.integers(0, 12))
def test_the_pieces_put_together_are_the_whole(segment, cut):
    assert same(counted(segment), merge(counted(segment[:cut]), counted(segment[cut:])))


def test_moments_are_those_of_the_numbers():
    numbers = np.array([1.0, 4.0, 10.0])

    moments = moments_of(numbers)

    assert (moments.n, moments.low, moments.high, moments.mean) == (3, 1.0, 10.0, 5.0)
    assert math.isclose(np.std(numbers), moments.sd)


def test_moments_of_nothing_have_no_spread():
    assert math.isnan(moments_of(np.array([np.inf])).sd)


def test_one_absurd_number_is_no_error():
    column = merge_columns(
        count_values(EDGES, "number", [1e308, -1e308]), count_values(EDGES, "number", [1.0])
    )

    assert (1e308, math.inf) == (column.moments.high, column.moments.m2)


def test_a_broken_segment_breaks_its_column_and_no_other():
    good = count(PROFILE, {"size": [1.0], "name": ["a"]}, {}, 1)
    bad = count(PROFILE, {"size": ["one"], "name": ["a"]}, {}, 1)

    merged = merge(good, bad)

    assert merged.features["size"].broken == "Its values can't be read: ValueError."
    assert merged.features["name"].broken == ""
    assert merged.features["name"].bins[0] == 2


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"name": ["a"]}, "The column is not in the data."),
        ({"size": [1.0, 2.0], "name": ["a"]}, "The column has 2 values for 1 rows."),
        ({"size": [object()], "name": ["a"]}, "Its values can't be read: TypeError."),
    ],
)
def test_a_column_that_cannot_be_counted_says_why(columns, reason):
    assert reason == count(PROFILE, columns, {}, 1).features["size"].broken


def test_unhashable_categories_are_told_and_not_raised():
    broken = count(PROFILE, {"size": [1.0], "name": [["a"]]}, {}, 1).features["name"].broken

    assert broken == "Its values can't be read: TypeError."


def test_taking_a_day_out_leaves_the_others():
    whole, day = (
        count_values(NAMES, "category", ["a", "a", "b", None]),
        count_values(NAMES, "category", ["a", None]),
    )

    rest = without(whole, day)

    assert (rest.bins.tolist(), rest.rows, rest.missing) == ([1, 1, 0, 0], 2, 0)


def test_counts_of_different_profiles_are_not_merged():
    with pytest.raises(ValueError, match="different profiles"):
        merge(counted([]), Counts(0, {}, {}))
