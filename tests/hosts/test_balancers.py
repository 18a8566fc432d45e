"""The balancer at layer 4: it passes connections on, believes probes, and never tries again."""

testinfra_hosts = ["ansible://balancers?sudo=True"]


def test_it_runs_and_comes_back_after_a_start(host):
    assert host.service("haproxy").is_running
    assert host.service("haproxy").is_enabled


def test_it_knows_connections_alone_and_sends_none_twice(host):
    settings = host.file("/etc/haproxy/haproxy.cfg").content_string

    assert "mode tcp" in settings
    assert "mode http" not in settings
    assert "retries 0" in settings
    assert "redispatch" not in settings


def test_every_machine_is_asked_by_its_probe(host):
    machines = host.ansible.get_variables()["groups"]["machines"]
    settings = host.file("/etc/haproxy/haproxy.cfg").content_string

    assert machines
    for name in machines:
        assert f"server {name} " in settings
    assert settings.count("check port 8081") == len(machines)
