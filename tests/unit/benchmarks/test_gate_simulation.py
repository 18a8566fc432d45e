"""The simulation of benchmarks/gate_simulation.py with few rollouts: its figures at full count stand beside it."""

import numpy as np
import pytest

from benchmarks.gate_simulation import GUILTY, IDENTICAL, simulate

ROLLOUTS = 6


def rollouts(kind):
    random = np.random.default_rng(20130101)
    return [simulate(kind, 600, random) for _ in range(ROLLOUTS)]


def test_an_identical_challenger_is_not_stopped_where_a_naive_test_stops_it():
    found = rollouts(IDENTICAL)

    assert [one for one in found if one.stopped] == []
    assert any(one.naive for one in found)


@pytest.mark.parametrize("kind", GUILTY, ids=lambda kind: kind.name)
def test_a_guilty_challenger_is_stopped(kind):
    assert all(one.stopped for one in rollouts(kind)[: ROLLOUTS // 3])
