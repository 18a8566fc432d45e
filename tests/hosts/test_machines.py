"""Machines: both colours behind an edge proxy, an agent, and the order in which they leave."""

import json
import re
from itertools import pairwise

import pytest

testinfra_hosts = ["ansible://machines?sudo=True"]

UNITS = ("docker", "picklefleet-agent", "picklefleet-edge", "picklefleet-traffic", "picklefleet-firewall")
STOP = ("picklefleet-traffic", "picklefleet-edge", "picklefleet@blue", "picklefleet-agent")
TERMINATE_NOTICE_S = 300
KEY_BURST = 4000  # docs/settings.md


@pytest.mark.parametrize("unit", UNITS)
def test_services_run_and_come_back_after_a_start(host, unit):
    assert host.service(unit).is_running
    assert host.service(unit).is_enabled


def test_the_distributions_own_proxy_is_out_of_the_way(host):
    assert host.service("haproxy").is_masked
    assert not host.service("haproxy").is_running


def test_the_machine_answers_its_probe(host):
    assert host.socket("tcp://0.0.0.0:8081").is_listening
    assert probe(host, "/livez") == 200


def test_a_machine_with_a_release_is_ready(colours, host):
    assert probe(host, "/readyz") == 200


def test_the_configuration_in_force_is_the_rendered_one(host):
    assert host.run("haproxy -c -q -f /etc/picklefleet/edge/haproxy.cfg").rc == 0
    assert host.file("/etc/picklefleet/edge/haproxy.cfg").user == "root"


def test_the_edge_grants_a_key_the_part_that_the_settings_say(host):
    """An inventory's machines share it; a machine under test that has no fleet has it whole."""
    settings = host.file("/etc/picklefleet/web.env").content_string
    given = dict(re.findall(r"^PICKLEFLEET_(KEY_\w+)=(\d+)$", settings, re.MULTILINE))
    burst = int(given.get("KEY_BURST", KEY_BURST)) // int(given.get("KEY_MACHINES", 1))

    assert f";q={burst};" in host.file("/etc/picklefleet/edge/haproxy.cfg").content_string


class TestTheConfinement:
    @pytest.mark.parametrize(
        ("unit", "most"),
        [
            ("picklefleet-edge", 2.0),
            ("picklefleet-agent", 4.0),
            ("picklefleet@blue", 4.0),
            ("picklefleet-follow@blue", 4.0),
        ],
    )
    def test_units_have_a_score_within_the_target(self, host, unit, most):
        shown = host.check_output("systemd-analyze security --no-pager %s.service", unit)

        score = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", shown)[1])
        assert score <= most

    def test_web_containers_have_neither_rights_nor_a_way_out(self, colours, host):
        for colour in colours:
            container = inspected(host, f"picklefleet-{colour}")
            confined(container)
            assert list(container["NetworkSettings"]["Networks"]) == ["picklefleet-web"]
            assert container["HostConfig"]["PidsLimit"] > 0
            writable = {mount["Destination"] for mount in container["Mounts"] if mount["RW"]}
            assert writable == {
                f"/var/lib/picklefleet/edge/{colour}",
                "/var/lib/picklefleet/machine/spool",
                "/var/lib/picklefleet/machine/measurements",
            }

    def test_the_agent_has_no_rights(self, host):
        confined(inspected(host, "picklefleet-agent"))

    def test_the_service_reaches_neither_metadata_nor_the_world_nor_this_host(self, colours, host):
        code = (
            "import socket\n"
            "for address in (('169.254.169.254', 80), ('1.1.1.1', 53), ('172.31.250.1', 22)):\n"
            "    try: socket.create_connection(address, timeout=2); print(address)\n"
            "    except OSError: pass"
        )
        for colour in colours:
            assert host.check_output("docker exec picklefleet-%s python -c %s", colour, code) == ""

    def test_the_network_of_the_service_is_internal(self, host):
        assert host.check_output("docker network inspect --format {{.Internal}} picklefleet-web") == "true"

    def test_nobody_holds_the_engines_socket(self, colours, host):
        for name in [*(f"picklefleet-{colour}" for colour in colours), "picklefleet-agent"]:
            sources = [mount["Source"] for mount in inspected(host, name)["Mounts"]]
            assert not [source for source in sources if source.endswith("docker.sock")]

    def test_the_engine_is_hardened(self, host):
        settings = json.loads(host.file("/etc/docker/daemon.json").content_string)

        assert settings["icc"] is False
        assert settings["live-restore"] is True
        assert settings["no-new-privileges"] is True
        assert settings["log-driver"] == "journald"


class TestSecrets:
    def test_none_stands_in_an_environment_or_a_command(self, colours, host):
        for name in [*(f"picklefleet-{colour}" for colour in colours), "picklefleet-agent"]:
            text = json.dumps(inspected(host, name)["Config"])
            for secret in secrets(host):
                assert secret not in text

    def test_none_stands_in_the_journal(self, host):
        text = host.check_output("journalctl --no-pager --output cat --lines 20000")

        for secret in secrets(host):
            assert secret not in text

    def test_nothing_that_signs_is_here(self, host):
        found = host.check_output(
            "find / -xdev -not -path %s \\( -name registration.pem -o -name admission.pem \\)",
            "/etc/picklefleet/worker-keys/*",
        )

        assert found == ""

    def test_files_of_the_fleet_are_for_root_and_the_group(self, host):
        for path in host.check_output("find /etc/picklefleet/trust /etc/picklefleet/secrets -type f").split():
            file = host.file(path)
            assert (file.user, file.group, file.mode) == ("root", "picklefleet", 0o440)


class TestTheWayOut:
    def test_what_is_inside_ends_first(self, shown):
        """Deadline 10 s, Gunicorn 30 s, the engine 45 s, systemd 60 s; all of them within Azure's notice."""
        for unit in ("picklefleet@blue", "picklefleet-agent"):
            assert seconds(shown(f"{unit}.service", "TimeoutStopUSec")) == 60
            assert "--time 45" in shown(f"{unit}.service", "ExecStop")

        whole = sum(seconds(shown(f"{unit}.service", "TimeoutStopUSec")) for unit in STOP)
        assert whole < TERMINATE_NOTICE_S

    def test_the_order_is_traffic_proxy_colours_agent(self, shown):
        """systemd stops what is ordered after another one first."""
        for first, then in pairwise(STOP):
            after = shown(f"{first}.service", "After").split()
            before = shown(f"{then}.service", "Before").split()
            assert f"{then}.service" in after or f"{first}.service" in before

    def test_the_drain_fits_its_time(self, host, shown):
        configuration = host.file("/etc/picklefleet/edge/haproxy.cfg").content_string

        drain = int(re.search(r"hard-stop-after (\d+)s", configuration)[1])
        assert drain + 10 < seconds(shown("picklefleet-traffic.service", "TimeoutStopUSec"))


def inspected(host, name):
    return json.loads(host.check_output("docker inspect %s", name))[0]


def confined(container):
    settings = container["HostConfig"]
    assert container["Config"]["User"] == "10001:10001"
    assert settings["ReadonlyRootfs"] is True
    assert settings["CapDrop"] == ["ALL"]
    assert not settings["CapAdd"]
    assert "no-new-privileges" in settings["SecurityOpt"]
    assert settings["Privileged"] is False
    assert settings["Memory"] > 0
    assert settings["Memory"] == settings["MemorySwap"]


def probe(host, path):
    return int(host.check_output("python3 -c %s", _ASK.format(path=path)))


def secrets(host):
    paths = host.check_output(
        "find /etc/picklefleet/secrets /etc/picklefleet/trust -type f -not -name trust.json"
    ).split()
    found = [host.file(path).content_string.strip() for path in paths]
    assert found
    return found


def seconds(text):
    parts = re.findall(r"(\d+)(min|s)", text)
    return sum(int(number) * (60 if unit == "min" else 1) for number, unit in parts)


_ASK = """
import urllib.request, urllib.error
try:
    print(urllib.request.urlopen("http://127.0.0.1:8081{path}", timeout=5).status)
except urllib.error.HTTPError as answer:
    print(answer.code)
"""
