"""What a crowd, slow clients, ambiguous requests and restarts do to a machine, at CI's counts beside broken twins; `make
prove NAME="overload connections slow-clients smuggling restarts"` has the full ones, with figures of time.
"""

import pytest

from tests.edge import needs_haproxy
from tests.prove import overload, restarts, slow_clients, smuggling

SEED = 20130101
pytestmark = [needs_haproxy, pytest.mark.timeout(600)]


def test_beyond_its_capacity_a_machine_refuses_at_once_and_says_when_to_come_back(tmp_path):
    result = overload.overload(tmp_path, 5, SEED)

    assert overload.orderly(result), result


def test_two_thousand_connections_at_once_are_answered_or_refused(tmp_path):
    result = overload.connections(tmp_path, 2000, SEED)

    assert overload.survived(result), result


def test_slow_clients_hold_nobody_up(tmp_path):
    result = slow_clients.slow_clients(tmp_path, 100, SEED)

    assert slow_clients.passed(result), result


def test_no_request_hides_in_another(tmp_path):
    result = smuggling.smuggling(tmp_path, 40, SEED)

    assert smuggling.passed(result), result


def test_reloads_recycling_and_restarts_lose_nobody(tmp_path):
    result = restarts.restarts(tmp_path, 1, SEED)

    assert restarts.passed(result), result
