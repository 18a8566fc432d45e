import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lifecycle.drift.statistics import (
    benjamini_hochberg,
    changed_share,
    chi_squared,
    kolmogorov_smirnov,
    pooled,
    psi,
)
from lifecycle.profile.bins import number_bins

counts = st.lists(st.integers(0, 400), min_size=3, max_size=12).filter(lambda each: sum(each) > 0)
pairs = counts.flatmap(
    lambda first: st.tuples(
        st.just(np.array(first)),
        st.lists(st.integers(0, 400), min_size=len(first), max_size=len(first))
        .filter(lambda each: sum(each) > 0)
        .map(np.array),
    )
)


@settings(max_examples=60)
@given(counts)
def test_psi_of_equal_samples_is_zero(sample):
    found = psi(np.array(sample), np.array(sample))

    assert (found.raw, found.value) == (0.0, 0.0)
    assert found.p == pytest.approx(1.0)


@settings(max_examples=60)
@given(pairs)
def test_psi_is_never_negative_and_the_corrected_never_above_the_raw(pair):
    found = psi(*pair)

    assert 0 <= found.value <= found.raw
    assert 0 <= found.p <= 1


@settings(max_examples=60)
@given(pairs)
def test_psi_is_symmetric(pair):
    assert psi(*pair).raw == pytest.approx(psi(*reversed(pair)).raw)


@settings(max_examples=60)
@given(st.lists(st.integers(20, 400), min_size=10, max_size=10))
def test_one_row_more_moves_psi_only_a_little(sample):
    """One outlier is one row: it can't hide drift and can't make it."""
    reference, current = np.full(10, 1_000), np.array(sample)
    more = current.copy()
    more[-1] += 1

    before, after = psi(reference, current).raw, psi(reference, more).raw

    assert abs(after - before) <= 15 / current.sum()


def test_psi_grows_with_the_shift():
    reference = np.full(10, 1_000)
    shifts = [psi(reference, np.linspace(100 - step, 100 + step, 10)).value for step in (20, 40, 60, 80)]

    assert shifts == sorted(shifts)
    assert shifts[0] < shifts[-1]


def test_psi_is_its_definition_on_large_counts():
    reference, current = np.array([300_000, 700_000]), np.array([500_000, 500_000])

    expected = (0.5 - 0.3) * np.log(0.5 / 0.3) + (0.5 - 0.7) * np.log(0.5 / 0.7)

    assert psi(reference, current).raw == pytest.approx(expected, rel=1e-5)


def test_the_correction_removes_what_sampling_alone_gives():
    random = np.random.default_rng(0)
    shares = np.full(100, 0.01)
    raw, value = np.array(
        [
            (found.raw, found.value)
            for found in (
                psi(random.multinomial(20_000, shares), random.multinomial(200, shares)) for _ in range(200)
            )
        ]
    ).T

    assert raw.mean() > 0.2
    assert value.mean() < 0.1


def test_the_p_value_of_psi_is_uniform_when_nothing_drifted():
    random = np.random.default_rng(1)
    shares = np.full(10, 0.1)
    p = [psi(random.multinomial(5_000, shares), random.multinomial(500, shares)).p for _ in range(1_500)]

    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_bins_empty_in_both_samples_change_nothing():
    reference, current = np.array([50, 0, 70]), np.array([40, 0, 20])

    assert psi(reference, current) == psi(reference[[0, 2]], current[[0, 2]])


@pytest.mark.parametrize(
    ("m", "n", "shift"), [(20_000, 1_000, 0.1), (3_000, 5_000, 0.0), (50_000, 50_000, 0.3)]
)
def test_ks_on_frozen_edges_is_close_to_the_exact_one(m, n, shift):
    random = np.random.default_rng(m)
    reference, current = random.normal(size=m), random.normal(shift, size=n)
    bins = number_bins(reference)

    found = kolmogorov_smirnov(bins.count(reference), bins.count(current))
    exact = stats.ks_2samp(reference, current, method="asymp")

    assert 0 <= exact.statistic - found.value <= 2e-3
    assert found.p == pytest.approx(exact.pvalue, rel=0.35)


def test_ks_of_few_distinct_values_is_exact():
    random = np.random.default_rng(2)
    reference, current = random.poisson(3, 5_000).astype(float), random.poisson(3.2, 700).astype(float)
    bins = number_bins(reference)

    found = kolmogorov_smirnov(bins.count(reference), bins.count(current))
    exact = stats.ks_2samp(reference, current, method="asymp")

    assert found.value == pytest.approx(exact.statistic, abs=1e-12)
    assert found.p == pytest.approx(exact.pvalue)


@settings(max_examples=40)
@given(
    st.lists(st.floats(-3, 3), min_size=600, max_size=700),
    st.lists(st.floats(-3, 3), min_size=1, max_size=50),
)
def test_ks_on_edges_never_exceeds_the_exact_one(reference, current):
    bins = number_bins(np.array(reference))

    found = kolmogorov_smirnov(bins.count(np.array(reference)), bins.count(np.array(current)))

    assert found.value <= stats.ks_2samp(reference, current, method="asymp").statistic + 1e-12


def test_chi_squared_is_scipys_where_no_bin_is_small():
    reference, current = np.array([800, 150, 50]), np.array([70, 20, 10])

    found = chi_squared(reference, current)
    exact = stats.chi2_contingency([reference, current], correction=False)

    assert found.p == pytest.approx(exact.pvalue)
    assert found.value == pytest.approx(stats.contingency.association([reference, current], method="cramer"))


def test_small_bins_are_pooled_and_the_degrees_counted_again():
    reference, current = np.array([900, 60, 20, 12, 8]), np.array([95, 5, 0, 1, 0])

    found = chi_squared(reference, current)
    exact = stats.chi2_contingency([[900, 60, 40], [95, 5, 1]], correction=False)

    assert [len(part) for part in pooled(reference, current)] == [2, 2]
    assert found.p == pytest.approx(stats.chi2_contingency([[900, 100], [95, 6]], correction=False).pvalue)
    assert found.p != pytest.approx(exact.pvalue)


@settings(max_examples=80)
@given(pairs)
def test_pooling_keeps_every_row_and_leaves_no_small_bin(pair):
    reference, current = pooled(*pair)

    assert (reference.sum(), current.sum()) == (pair[0].sum(), pair[1].sum())
    expected = min(reference.sum(), current.sum()) * (reference + current) / (reference + current).sum()
    assert len(expected) == 1 or expected.min() >= 5


def test_a_single_bin_tells_nothing():
    assert chi_squared(np.array([50]), np.array([3])).p == 1.0
    assert psi(np.array([50]), np.array([3])).p == 1.0


def test_a_changed_share_is_fishers_exact_test():
    exact = stats.fisher_exact([[12, 188], [300, 9_700]]).pvalue

    assert changed_share(300, 10_000, 12, 200) == pytest.approx(exact)


def test_where_nothing_is_missing_there_is_nothing_to_test():
    assert changed_share(0, 10_000, 0, 200) is None


@settings(max_examples=60)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_benjamini_hochberg_is_scipys(p):
    expected = stats.false_discovery_control(p, method="bh") <= 0.02

    found = benjamini_hochberg(np.array(p), 0.02)

    close = np.abs(stats.false_discovery_control(p, method="bh") - 0.02) < 1e-12
    assert ((found == expected) | close).all()


def test_an_empty_family_has_no_findings():
    assert len(benjamini_hochberg(np.array([]), 0.02)) == 0
