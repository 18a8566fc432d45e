"""The worker of the nights, and Graphite."""

import json

testinfra_hosts = ["ansible://workers?sudo=True"]


def test_it_runs_and_comes_back_after_a_start(host):
    assert host.service("picklefleet-worker").is_running
    assert host.service("picklefleet-worker").is_enabled


def test_its_container_has_no_rights(host):
    settings = json.loads(host.check_output("docker inspect picklefleet-worker"))[0]["HostConfig"]

    assert settings["ReadonlyRootfs"] is True
    assert settings["CapDrop"] == ["ALL"]
    assert settings["Memory"] == settings["MemorySwap"] > 0


def test_its_keys_are_for_root_and_the_group(host):
    for path in host.check_output(
        "find /etc/picklefleet/worker-keys /etc/picklefleet/secrets -type f"
    ).split():
        file = host.file(path)
        assert (file.user, file.group, file.mode) == ("root", "picklefleet", 0o440)
