"""Nights by real workers that are killed at them."""

import pytest

from tests.prove import nights

NIGHTS = 3


@pytest.mark.timeout(600)
def test_each_night_has_one_report_whoever_is_killed_frozen_or_told_a_wrong_time(tmp_path):
    result = nights.nights(tmp_path, NIGHTS, seed=7)

    assert nights.passed(result), result
