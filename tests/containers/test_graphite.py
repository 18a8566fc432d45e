"""Real StatsD → carbon → graphite-web with our files: what processes measured is what Graphite says of all of them."""

import json

import numpy as np
import pytest

from drift_jobs.watching.dashboards import DASHBOARDS
from drift_jobs.watching.targets import buckets, counts, quantile_of
from lifecycle.adapters.graphite import Graphite
from lifecycle.metrics import SECONDS
from tests.containers.conftest import wait_until

OBSERVE = """
import json, sys, time
from lifecycle.adapters.statsd import open_metrics
from lifecycle.settings import load
metrics = open_metrics(load())
while metrics._client() is None:
    time.sleep(0.01)
for number, value in enumerate(json.loads(sys.argv[1])):
    metrics.observe("stage_seconds", value, stage="answer")
    if number % 50 == 0:
        time.sleep(0.01)  # UDP: a burst would drop some
"""


@pytest.fixture(scope="module")
def graphite(ring):
    return Graphite(f"http://127.0.0.1:{ring.graphite_port}")


def seen(graphite, target):
    return sum(sum(values) for values in graphite.numbers(target, 600).values())


def test_the_p99_of_two_processes_is_the_p99_of_all_their_samples_within_a_bucket(ring, graphite):
    """One fast and one slow: neither's own percentile, nor the mean of both, is the answer."""
    chance = np.random.default_rng(20130101)
    samples = {
        "blue": chance.lognormal(-6, 0.5, 1500).round(6).tolist(),
        "green": chance.lognormal(-3, 0.8, 500).round(6).tolist(),
    }
    target = buckets("stage_seconds").replace("stage_seconds.*", "stage_seconds.answer")
    before = {path: sum(values) for path, values in graphite.numbers(target, 3600).items()}

    for service, values in samples.items():
        ring.inside(service, "python", "-c", OBSERVE, json.dumps(values))
    wait_until(lambda: seen(graphite, target) - sum(before.values()) >= 2000, 90)

    after = graphite.numbers(target, 3600)
    ours = {path: [sum(values) - before.get(path, 0)] for path, values in after.items()}
    assert sum(count for [count] in ours.values()) == 2000
    every = np.sort(samples["blue"] + samples["green"])
    for q in (0.5, 0.9, 0.99):
        true = every[int(np.ceil(q * len(every))) - 1]
        told = quantile_of("stage_seconds", q, ours)
        edge = SECONDS.index(told)
        assert SECONDS[edge - 1] < true <= told
    averaged = np.mean([np.quantile(values, 0.99) for values in samples.values()])
    assert not SECONDS[edge - 1] < averaged <= told  # control: percentiles can't be averaged


def test_requests_and_the_edges_answers_are_counted_alike(ring, graphite):
    before = seen(graphite, counts("edge_answers", status="2xx"))
    for _ in range(40):
        assert ring.predict(ring.example())[0] == 200

    wait_until(lambda: seen(graphite, counts("edge_answers", status="2xx")) - before >= 80, 60)
    assert seen(graphite, counts("requests", status="2xx")) > 0


def test_the_machine_tells_what_it_has_left(ring, graphite):
    for name in ("host_cpu_busy_percent", "host_memory_available_percent", "host_disk_free_percent"):
        wait_until(lambda name=name: graphite.numbers(f"stats.gauges.picklefleet.{name}.*", 600), 60)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_every_line_of_every_graph_has_something_to_draw(ring, graphite, dashboard):
    assert ring.predict(ring.example())[0] == 200
    assert ring.predict({"instances": []})[0] == 422
    for graph in dashboard.graphs:
        for target in graph.targets:
            wait_until(lambda target=target: any(graphite.numbers(target, 900).values()), 90)
        assert graphite.picture(graph.targets, graph.all_options).startswith(b"\x89PNG")


def test_the_dashboards_are_kept(ring, graphite):
    for dashboard in DASHBOARDS:
        kept = json.loads(graphite._send(f"/dashboard/load/{dashboard.name.replace(' ', '%20')}"))
        assert len(kept["state"]["graphs"]) == len(dashboard.graphs)


def test_alarms_are_asked_for_in_the_real_graphite(ring):
    done = ring.inside("worker", "picklefleet", "alarms", "--json", check=False)
    found = json.loads(done.stdout)

    assert found["disk-full"]["state"] in {"fine", "alarm"}
    assert found["silent"]["state"] == "fine"
    assert found["keys-old"]["state"] == "fine"
    assert done.returncode == any(one["state"] == "alarm" for one in found.values())
