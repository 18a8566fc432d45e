"""Switches of colours under load at CI's count, beside a careless one; `make prove NAME=switches` has the full count."""

import json

import pytest

from tests.prove import switches

SWITCHES = 3
SEED = 20130101


@pytest.mark.timeout(1800)
def test_nobody_fails_while_clients_move_between_colours(tmp_path):
    result = switches.switches(tmp_path, SWITCHES, SEED)

    assert switches.passed(result), json.dumps(result, indent=1)
