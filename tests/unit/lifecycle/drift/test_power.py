import numpy as np
import pytest

from lifecycle.drift.power import detectable_distance, detectable_shift, power_sentence
from lifecycle.drift.statistics import kolmogorov_smirnov


def test_what_is_said_to_be_found_is_found():
    """Draws of a bell curve moved by the promised shift: at least 95 of 100 are below the family's first limit."""
    n, m, tests = 1_000, 20_000, 40
    shift = detectable_shift(detectable_distance(n, m, tests))
    random = np.random.default_rng(0)
    edges = np.quantile(random.normal(size=m), np.linspace(0, 1, 400))
    reference = np.bincount(np.searchsorted(edges, random.normal(size=m)), minlength=401)

    found = [
        kolmogorov_smirnov(
            reference, np.bincount(np.searchsorted(edges, random.normal(shift, size=n)), minlength=401)
        ).p
        <= 0.02 / tests
        for _ in range(300)
    ]

    assert np.mean(found) >= 0.95
    assert shift < 0.3


def test_more_rows_see_smaller_moves():
    seen = [detectable_distance(n, 50_000, 40) for n in (200, 2_000, 20_000)]

    assert seen == sorted(seen, reverse=True)


def test_the_shift_of_a_distance_is_that_of_two_bell_curves():
    assert detectable_shift(0.0797) == pytest.approx(0.2, abs=0.001)


def test_no_sentence_promises_less_than_the_guard_reports():
    assert "D of 0.050" in power_sentence(1_000_000, 1_000_000, 40)


def test_too_few_rows_are_said_to_be_too_few():
    assert power_sentence(12, 20_000, 40) == (
        "12 rows are too few to tell drift from chance; at least 200 are needed."
    )
