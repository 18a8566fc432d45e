"""The same image with the tag of a worker: it judges nights, and nothing that serves is there."""

import json

import pytest

from tests.machine_image.booted import booted

pytestmark = pytest.mark.timeout(900)
SERVING = ("picklefleet-agent", "picklefleet-edge", "picklefleet-traffic", "picklefleet@green")


@pytest.fixture(scope="module")
def machine(fleet, tmp_path_factory):
    with booted(fleet, tmp_path_factory.mktemp("worker") / "machine", "worker") as made:
        made.wait(lambda: "true" in running(made))
        yield made


def running(machine):
    return machine.inside(
        "docker", "inspect", "--format", "{{.State.Running}}", "picklefleet-worker", check=False
    ).stdout


def test_it_works_and_nothing_that_serves_does(machine):
    assert machine.active("picklefleet-worker")
    assert not [unit for unit in SERVING if machine.active(unit)]
    assert not machine.answers("/livez")


def test_it_judges_a_night_by_the_fleets_own_store(machine):
    told = machine.inside(
        "docker",
        "exec",
        "picklefleet-worker",
        "picklefleet",
        "work",
        "--once",
        "2026-01-05",
        "--dry-run",
        "--json",
    ).stdout

    assert "no-data" in told


def test_it_has_the_settings_and_secrets_of_a_worker_alone(machine):
    found = machine.inside(
        "sh",
        "-c",
        "find /etc/picklefleet/trust /etc/picklefleet/worker-keys /etc/picklefleet/certificates -type f",
    ).stdout

    assert set(found.split()) == {
        "/etc/picklefleet/trust/trust.json",
        "/etc/picklefleet/worker-keys/trust.json",
        "/etc/picklefleet/worker-keys/records.key",
    }
    environ = json.loads(machine.inside("docker", "inspect", "picklefleet-worker").stdout)[0]["Config"]["Env"]
    assert {"PICKLEFLEET_LOG_LEVEL=debug", "PICKLEFLEET_AZURE_CLIENT_ID=worker"} <= set(environ)


def test_it_is_what_a_host_shall_be(machine):
    code, told = machine.hosts_suite("base", "workers")

    assert code == 0, told[-6000:]
    assert "failed" not in told


def test_nothing_of_it_failed(machine):
    assert machine.failed() == ""
