"""20,000 mutated bodies at a real service; `make prove NAME=mutated-bodies` sends 100,000."""

import pytest

from tests.prove import mutated_bodies


@pytest.mark.timeout(600)
def test_no_body_makes_it_fail_hang_or_grow(tmp_path):
    result = mutated_bodies.mutated_bodies(tmp_path, 20_000, 20130101)

    assert mutated_bodies.passed(result), result
