"""A machine whose agent is dead goes on with the keys that it had; somebody must be told, by name and in time."""

import json
import time

from tests.containers.conftest import docker, ring, wait_until

__all__ = ["ring"]  # the fixture
BOUND_S = 300  # docs/runbooks/agent-dead.md


def keys_rule(ring):
    done = ring.inside("worker", "picklefleet", "alarms", "--json", check=False)
    return json.loads(done.stdout)["keys-old"]


def test_a_machine_whose_agent_was_killed_in_the_traffic_is_named_in_time_and_is_over_when_it_lives(ring):
    """Killed, so that it says no goodbye. The machine itself answers on."""
    name = ring.inside("agent", "cat", "/var/lib/picklefleet/machine/machine-name").stdout
    wait_until(lambda: keys_rule(ring)["state"] == "fine", 120)

    docker("kill", ring.inspect("agent")["Id"])
    begun = time.monotonic()
    wait_until(lambda: keys_rule(ring)["state"] == "alarm", BOUND_S)

    assert time.monotonic() - begun > 60, "a restart is no news"
    assert name in keys_rule(ring)["sentence"]
    assert ring.predict(ring.example())[0] == 200

    docker("start", ring.inspect("agent")["Id"])
    wait_until(lambda: keys_rule(ring)["state"] == "fine", 120)
