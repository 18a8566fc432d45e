"""StatsD and Graphite: metrics come in, and only this host looks at them."""

testinfra_hosts = ["ansible://monitors?sudo=True"]


def test_it_runs_and_comes_back_after_a_start(host):
    assert host.service("picklefleet-graphite").is_running
    assert host.service("picklefleet-graphite").is_enabled


def test_only_this_host_reaches_the_web_page_that_asks_nobody_who_they_are(host):
    assert host.socket("tcp://127.0.0.1:8080").is_listening
    assert not host.socket("tcp://0.0.0.0:8080").is_listening


def test_our_schemas_are_the_ones_in_force(host):
    here = host.file("/etc/picklefleet/graphite/storage-schemas.conf").content_string
    there = host.check_output("docker exec picklefleet-graphite cat /opt/graphite/conf/storage-schemas.conf")

    assert there.strip() == here.strip()
