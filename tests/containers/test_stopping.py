"""The last of the ring's tests: `docker stop` ends every part of it well, and in time."""

import time

import pytest

from tests.containers.conftest import docker


@pytest.mark.parametrize(
    ("service", "grace_s"), [("worker", 45), ("edge", 60), ("green", 45), ("blue", 45), ("agent", 60)]
)
def test_a_container_that_is_told_to_stop_ends_by_itself(ring, service, grace_s):
    begun = time.monotonic()
    docker("stop", ring.inspect(service)["Id"])
    ended = ring.inspect(service)

    assert ended["Config"]["StopTimeout"] == grace_s
    assert time.monotonic() - begun < grace_s
    assert (ended["State"]["ExitCode"], ended["State"]["OOMKilled"]) == (0, False)
