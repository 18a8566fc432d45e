"""A revoked key at CI's count; `make prove NAME=revocation` has the full one. Timing is for `make prove` alone."""

import pytest

from tests.prove import key_life


@pytest.mark.timeout(600)
def test_a_revoked_key_ends_on_both_machines_in_time(tmp_path):
    result = key_life.revocation(tmp_path, 1, 0)

    assert key_life.revoked_in_time(result), result
