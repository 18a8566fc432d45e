"""Swaps under load at CI's count, beside what a careless swap does; `make prove NAME=swaps` has the full count."""

import pytest

from tests.prove import swaps

SWAPS = 3
ROLLBACKS = 2
SEED = 20130101


@pytest.mark.timeout(900)
def test_nobody_is_refused_and_every_answer_is_its_version_s(tmp_path):
    result = swaps.swaps(tmp_path, SWAPS, SEED)

    assert swaps.passed(result), result


@pytest.mark.timeout(600)
def test_a_rollback_is_on_every_machine_within_ten_seconds(tmp_path):
    result = swaps.rollback(tmp_path, ROLLBACKS, SEED)

    assert swaps.rolled_back_in_time(result), result
