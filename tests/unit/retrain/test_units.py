import numpy as np
import pytest

from retrain.maturity import DAY_MS
from retrain.units import far_outside, unit_change

DAYS, A_DAY = 20, 60


def wide(seed):
    return np.random.default_rng(seed).uniform(50, 300, DAYS * A_DAY)


def test_a_wide_column_in_kilometres_is_seen():
    assert "kilometres" in unit_change(wide(1), wide(2) * 1.609344, times()).how
    assert unit_change(wide(1), wide(2) + 100, times()) is None


def draw(seed=0, mean=60.0, sd=8.0, rows=DAYS * A_DAY):
    return np.random.default_rng(seed).normal(mean, sd, rows)


def times(rows=DAYS * A_DAY):
    return np.arange(rows) // A_DAY * DAY_MS


@pytest.mark.parametrize(
    ("convert", "word"),
    [
        (lambda values: values * 1.609344, "miles for kilometres"),
        (lambda values: values / 1000, "thousand"),
        (lambda values: (values - 32) / 1.8, "Celsius"),
        (lambda values: values * 100, "hundred"),
    ],
)
def test_another_unit_is_seen_against_the_reference(convert, word):
    found = unit_change(draw(1), convert(draw(2)), times())

    assert word in found.how


def test_a_change_in_the_middle_of_the_window_is_seen_too():
    values = draw(2)
    values[len(values) // 2 :] *= 1.609344

    assert unit_change(draw(1), values, times()) is not None


def test_drift_is_no_change_of_unit():
    assert unit_change(draw(1), draw(2, mean=75, sd=10), times()) is None
    assert unit_change(draw(1), draw(2, mean=45, sd=4), times()) is None
    assert unit_change(draw(1, mean=10, sd=5), draw(2, mean=20, sd=5), times()) is None


def test_a_season_that_moves_everything_slowly_is_none_either():
    winter, year = draw(1, mean=38, sd=8), draw(2, mean=0, sd=6)
    warming = year + np.linspace(45, 80, len(year))

    assert unit_change(winter, warming, times(), usual=0.7) is None


def test_a_column_that_jumps_by_itself_has_to_jump_further():
    values = draw(2) * 1.2

    assert unit_change(draw(1), values, times(), usual=0.9) is None


def test_a_handful_of_values_has_no_unit():
    few = np.random.default_rng(0).integers(1, 4, 1200).astype(float)

    assert unit_change(few, few * 10, times()) is None


def test_missing_values_and_too_few_rows_prove_nothing():
    assert unit_change(draw(1), np.full(1200, np.nan), times()) is None
    assert unit_change(draw(1)[:50], draw(2)[:50] * 1000, times(50)) is None


def test_kelvin_where_celsius_was_lies_far_outside():
    assert far_outside(draw(1, mean=12, sd=8), draw(2, mean=12, sd=8) + 273.15)
    assert not far_outside(draw(1), draw(2, mean=90))
