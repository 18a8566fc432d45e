"""The whole ring on one machine: what it answers, what it keeps, and how its parts may stop."""

import json
import time

import pytest

from tests.containers.conftest import docker, wait_until

OURS = ("blue", "green", "agent", "worker")


def test_the_flights_model_answers_through_the_edge_and_what_it_answered_reaches_the_store(ring):
    body = ring.example()
    answers = [ring.predict(body) for _ in range(25)]

    assert {status for status, _, _ in answers} == {200}
    assert len({headers["x-request-id"] for _, headers, _ in answers}) == 25
    assert all(document["model"]["name"] == "flights" for _, _, document in answers)
    wait_until(lambda: rows_in_the_log(ring) >= 25, 90)


def rows_in_the_log(ring):
    judged = json.loads(ring.inside("worker", "picklefleet", "drift", "--window", "24h", "--json").stdout)
    return sum(version["rows"] for version in judged["versions"])


def test_a_problem_from_the_service_and_one_from_the_edge_have_one_shape(ring):
    _, _, from_service = ring.predict({"instances": []})
    body = ring.example()
    ring.edge("weigh", "--blue", "0", "--green", "0")
    status, headers, from_edge = ring.predict(body)
    ring.edge("weigh", "--blue", "100", "--green", "0")

    assert from_service["status"] == 422
    assert (status, from_edge["status"]) == (503, 503)
    assert headers["content-type"] == "application/problem+json"
    assert {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "request_id",
    } <= from_service.keys() & from_edge.keys()


def test_admission_is_a_word_to_the_edge(ring):
    body = ring.example()
    ring.edge("drain", "--no-wait")
    assert ring.probe() == 503
    assert ring.predict(body)[1]["connection"] == "close"

    ring.edge("admit")
    assert ring.probe() == 200


def test_the_other_colour_takes_over_and_the_first_stops_with_nothing_lost(ring):
    ring.edge("weigh", "--blue", "0", "--green", "100")

    begun = time.monotonic()
    docker("stop", ring.inspect("blue")["Id"])
    stopped = ring.inspect("blue")["State"]

    assert (stopped["ExitCode"], stopped["OOMKilled"]) == (0, False)
    assert time.monotonic() - begun < 45
    assert {ring.predict(ring.example())[0] for _ in range(20)} == {200}

    docker("start", ring.inspect("blue")["Id"])
    wait_until(lambda: "blue    weight   0  live" in ring.edge("status"))


def test_a_restarted_edge_does_what_it_was_told_before(ring):
    ring.edge("weigh", "--blue", "30", "--green", "70")

    ring.compose("restart", "edge")
    wait_until(lambda: ring.inspect("edge")["State"]["Health"]["Status"] == "healthy")

    assert "blue    weight  30" in ring.edge("status")
    ring.edge("weigh", "--blue", "100", "--green", "0")


@pytest.mark.parametrize("service", [*OURS, "edge", "azurite", "mailpit"])
def test_a_container_may_do_no_more_than_it_needs(ring, service):
    host = ring.inspect(service)["HostConfig"]

    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert not host["Privileged"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert 0 < host["PidsLimit"] <= 256
    assert 0 < host["Memory"] == host["MemorySwap"]
    assert not [mount for mount in ring.inspect(service)["Mounts"] if "docker.sock" in mount["Source"]]


@pytest.mark.parametrize("service", OURS)
def test_ours_run_as_nobody_who_can_write_to_their_image(ring, service):
    assert ring.inside(service, "id", "-u").stdout.strip() == "10001"
    assert ring.inside(service, "touch", "/opt/picklefleet/x", check=False).returncode != 0
    assert ring.inside(service, "sh", "-c", "grep CapEff /proc/self/status").stdout.split()[1] == "0" * 16


def test_everything_is_published_on_loopback_alone(ring):
    services = ring.compose("ps", "--services").stdout.split()
    addresses = {
        binding["HostIp"]
        for service in services
        for bindings in ring.inspect(service)["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    }

    assert addresses == {"127.0.0.1"}


CONNECT = "import socket; socket.create_connection(({!r}, {}), timeout=3)"


@pytest.mark.parametrize("colour", ["blue", "green"])
@pytest.mark.parametrize(("host", "port"), [("azurite", 10000), ("169.254.169.254", 80), ("1.1.1.1", 53)])
def test_a_web_container_has_no_way_out(ring, colour, host, port):
    assert ring.python(colour, CONNECT.format(host, port)) != 0


def test_control_the_agent_reaches_the_store(ring):
    assert ring.python("agent", CONNECT.format("azurite", 10000)) == 0


def test_web_containers_hold_nothing_that_signs_and_no_key_of_the_store(ring):
    for service in ("blue", "green"):
        held = ring.inside(
            service, "find", "/var/lib/picklefleet", "-name", "*.pem", "-o", "-name", "store.key"
        )
        assert held.stdout == ""
    assert (
        ring.inside("worker", "find", "/var/lib/picklefleet/keys", "-name", "*.pem").stdout != ""
    )  # control


def test_no_secret_stands_in_what_docker_tells(ring):
    key = ring.inside("agent", "cat", "/var/lib/picklefleet/secrets/store.key").stdout.strip()
    assert len(key) > 40

    for service in ring.compose("ps", "--all", "--services").stdout.split():
        assert key not in json.dumps(ring.inspect(service))
    assert key not in ring.compose("logs").stdout


def test_the_image_says_what_it_is_and_what_is_inside(ring):
    labels = ring.inspect("blue")["Config"]["Labels"]
    bill = json.loads(ring.inside("blue", "cat", labels["picklefleet.sbom"]).stdout)

    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    names = {component["name"] for component in bill["components"]}
    assert {"scikit-learn", "Flask", "gunicorn", "duckdb", "libc6"} <= names
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert ring.inside("blue", "sh", "-c", "command -v gcc cc g++ make", check=False).returncode != 0
