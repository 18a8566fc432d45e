import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.gate.betting import alpha_of_a_look, log_wealth, lower_bound, more_pairs, upper_bound
from lifecycle.gate.blocks import Block, Share, differences, mirrored

shares = st.integers(1, 60).flatmap(lambda n: st.builds(Share, st.just(n), st.integers(0, n)))
one = st.builds(Block, st.integers(0, 50), shares, shares, st.just(0.0))
blocks = st.lists(one, min_size=1, max_size=5).map(tuple)


def drawn(p, q, n, m, minutes, seed=0):
    random = np.random.default_rng(seed)
    return tuple(
        Block(minute, Share(n, int(random.binomial(n, p))), Share(m, int(random.binomial(m, q))))
        for minute in range(minutes)
    )


@settings(max_examples=60)
@given(blocks)
def test_the_bounds_hold_the_observed_difference(series):
    observed = np.concatenate([differences(block) for block in series]).mean()

    assert lower_bound(series, 0.05) <= observed + 1e-3
    assert (
        upper_bound(series, 0.05) >= -np.concatenate([differences(b) for b in mirrored(series)]).mean() - 1e-3
    )


@settings(max_examples=60)
@given(blocks, st.permutations(range(5)))
def test_the_order_of_minutes_does_not_matter(series, order):
    shuffled = tuple(series[place] for place in order if place < len(series))

    assert log_wealth(shuffled, 0.01) == pytest.approx(log_wealth(series, 0.01))


@settings(max_examples=60)
@given(blocks, st.floats(-0.5, 0.5), st.floats(0.001, 0.4))
def test_a_larger_margin_is_never_easier_to_exceed(series, margin, more):
    assert log_wealth(series, margin + more) <= log_wealth(series, margin) + 1e-9


@settings(max_examples=30)
@given(blocks)
def test_a_smaller_error_rate_gives_wider_bounds(series):
    assert lower_bound(series, 0.001) <= lower_bound(series, 0.05)
    assert upper_bound(series, 0.001) >= upper_bound(series, 0.05)


@pytest.mark.parametrize("p", [0.01, 0.3, 0.5])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 2), (3, 1)])
def test_nobody_wins_against_the_truth(p, n, m):
    """The expected wealth, summed over everything that can be drawn, is at most 1: that is the whole guarantee."""
    expected, draws = 0.0, 200
    for hits, against in itertools.product(range(n + 1), range(m + 1)):
        chance = math.comb(n, hits) * math.comb(m, against)
        chance *= p ** (hits + against) * (1 - p) ** (n + m - hits - against)
        for minute in range(draws):  # how the requests of a minute are paired is drawn anew in each
            pair = Block(minute, Share(n, hits), Share(m, against))
            # the margin is 0 and so is the true difference
            expected += chance / draws * math.exp(log_wealth((pair,), 0.0))

    assert expected <= 1 + 1e-3


def test_looks_into_open_minutes_alarm_no_more_often_than_they_may():
    """At a tenth, so that there is something to count: walks of 20 minutes, each of which is looked into 20 times."""
    random, alarms, walks = np.random.default_rng(7), 0, 150
    for _ in range(walks):
        alarmed = False
        for minute in range(20):
            each = -math.log(alpha_of_a_look(0.1, minute))
            fails = random.random((20, 2, 4)) < 0.3
            for look in range(1, 21):
                ours, theirs = (int(fails[:look, arm].sum()) for arm in (0, 1))
                block = Block(minute, Share(4 * look, ours), Share(4 * look, theirs))
                alarmed |= log_wealth((block,), 0.0) >= each
        alarms += alarmed
    assert alarms <= 0.1 * walks


def test_a_gambler_who_bets_on_what_is_so_gets_rich():
    assert log_wealth(drawn(0.03, 0.005, 200, 1800, 10), 0.005) > 7


def test_pairs_join_the_requests_of_the_larger_arm():
    pairs = differences(Block(0, Share(10, 5), Share(105, 21)))

    assert len(pairs) == 10
    assert set(np.round(pairs * 10) / 10) == set(pairs)


def test_the_draw_of_pairs_is_the_same_at_every_look():
    first = differences(Block(7, Share(50, 5), Share(500, 50)))
    differences.cache_clear()

    assert np.array_equal(first, differences(Block(7, Share(50, 5), Share(500, 50))))


def test_a_minute_of_a_million_requests_is_joined_into_a_bounded_number_of_pairs():
    pairs = differences(Block(0, Share(500_000, 5_000), Share(500_000, 2_000)))

    assert len(pairs) == 2_000
    assert pairs.mean() == pytest.approx(0.006)


def test_it_tells_how_many_more_pairs_are_needed_and_that_they_are_enough():
    series = drawn(0.01, 0.01, 100, 900, 5)
    more = more_pairs(mirrored(series), -0.005, 0.05)
    longer = series + tuple(
        block._replace(minute=block.minute + 100 * again)
        for again in range(1, math.ceil(more / 500) + 1)
        for block in series
    )

    assert more > 0
    assert upper_bound(longer, 0.05) < 0.005


def test_no_number_of_pairs_shows_what_is_not_so():
    assert more_pairs(mirrored(drawn(0.03, 0.01, 100, 900, 10)), -0.005, 0.05) is None


def test_of_nothing_nothing_is_known():
    assert (lower_bound((), 0.05), upper_bound((), 0.05), more_pairs((), 0.1, 0.05)) == (-1.0, 1.0, None)
