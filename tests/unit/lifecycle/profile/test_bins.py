import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.profile.bins import MAX_EDGES, category_bins, number_bins

MORE_NUMBERS = st.one_of(
    st.floats(allow_nan=False), st.integers(-3, 3).map(float), st.sampled_from([0.0, -0.0])
)
numbers = st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=60)


@settings(max_examples=60)
@given(numbers, numbers)
def test_every_number_has_exactly_one_bin(reference, current):
    bins = number_bins(np.array(reference))

    assert len(current) == bins.count(np.array(current)).sum()


@settings(max_examples=60)
@given(numbers)
def test_coarse_bins_are_sums_of_fine_bins(reference):
    bins = number_bins(np.array(reference))
    fine = bins.count(np.array(reference))

    coarse = bins.coarse(fine)

    assert len(reference) == coarse.sum()
    assert len(coarse) <= 11


def test_edges_stay_within_their_budget_for_any_mixture_of_ties():
    random = np.random.default_rng(0)
    mixed = np.concatenate([random.normal(size=50_000), np.zeros(20_000), random.integers(0, 90, 30_000)])

    assert len(number_bins(mixed).edges) <= MAX_EDGES


def test_coarse_bins_of_a_smooth_reference_are_its_ten_quantiles():
    reference = np.random.default_rng(0).normal(size=20_000)
    bins = number_bins(reference)

    shares = bins.coarse(bins.count(reference)) / len(reference)

    assert len(shares) == 10
    assert np.abs(shares - 0.1).max() < 0.002


def test_a_frequent_value_has_a_bin_of_its_own():
    """Else a constant that becomes a little smaller would stay in its bin, and nobody would notice."""
    bins = number_bins(np.full(3_000, 7.0))

    assert bins.count(np.full(5, 7.0)).tolist() == [0, 5, 0]
    assert bins.count(np.full(5, 6.999999)).tolist() == [5, 0, 0]
    assert bins.count(np.full(5, 7.000001)).tolist() == [0, 0, 5]


def test_a_reference_without_numbers_still_counts():
    bins = number_bins(np.array([np.nan, np.nan]))

    assert bins.count(np.array([1.0, 2.0, np.inf])).tolist() == [3]
    assert bins.coarse(np.array([3])).tolist() == [3]


@settings(max_examples=200)
@given(st.lists(MORE_NUMBERS, min_size=1, max_size=60), st.lists(MORE_NUMBERS, max_size=60))
def test_counting_is_looking_each_number_up_among_the_edges(reference, current):
    bins, numbers = number_bins(np.array(reference)), np.array(current, dtype=np.float64)

    found = bins.count(numbers)

    looked_up = np.searchsorted(bins.edges, numbers, side="left")
    assert found.tolist() == np.bincount(looked_up, minlength=bins.fine).tolist()
    assert found.dtype == np.int64


def test_infinities_fall_into_the_open_ends():
    bins = number_bins(np.array([1.0, 2.0, 3.0]))

    fine = bins.count(np.array([-np.inf, np.inf]))

    assert (fine[0], fine[-1]) == (1, 1)


def test_categories_are_kept_by_frequency_then_name():
    assert category_bins({"a": 2, "b": 5, "c": 2}).values == ("b", "a", "c")


def test_known_is_other_and_a_stranger_is_unseen():
    bins = category_bins({"a": 5}, known=("a", "b"))

    fine, unseen = bins.count({"a": 1, "b": 2, "x": 4})

    assert fine.tolist() == [1, 2]
    assert unseen == 4


def test_with_more_categories_than_can_be_kept_strangers_count_as_other():
    bins = category_bins({f"c{i:04}": 1 for i in range(1_001)})

    fine, unseen = bins.count({"c0000": 1, "c1000": 1, "never": 1})

    assert len(bins.values) == 1_000
    assert (fine[0], fine[-1], unseen) == (1, 2, 0)


def test_psi_reads_the_top_19_categories_and_the_rest_as_other():
    bins = category_bins({f"c{i:02}": 100 - i for i in range(30)})
    fine, _ = bins.count({f"c{i:02}": 1 for i in range(30)})

    assert bins.coarse(fine).tolist() == [1] * 19 + [11]


def test_a_category_that_occurs_once_would_be_unseen_but_for_that_row():
    bins = category_bins({"a": 5, "b": 1, "c": 1}, known=("c",))

    fresh, unseen = bins.as_fresh(np.array([5, 1, 1, 0]))

    assert fresh.tolist() == [5, 0, 1, 0]
    assert unseen == 1


def test_where_nothing_can_be_unseen_nothing_is_expected_to_be():
    bins = category_bins({f"c{i:04}": 1 for i in range(1_001)})
    fine, _ = bins.count({f"c{i:04}": 1 for i in range(1_001)})

    fresh, unseen = bins.as_fresh(fine)

    assert unseen == 0
    assert (fresh == fine).all()
