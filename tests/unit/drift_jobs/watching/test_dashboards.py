import re

import pytest

from drift_jobs.watching.dashboards import DASHBOARDS, metrics_drawn
from drift_jobs.watching.targets import slower_than
from lifecycle.metrics import METRICS, PREFIX, SECONDS


def test_every_metric_drawn_exists():
    """A typing error in a target would only show as an empty graph."""
    drawn = {name for target in metrics_drawn() for name in re.findall(rf"{PREFIX}\.(\w+)", target)}

    assert drawn <= {metric.name for metric in METRICS}


def test_what_a_person_must_see_is_drawn():
    drawn = {name for target in metrics_drawn() for name in re.findall(rf"{PREFIX}\.(\w+)", target)}

    assert {"requests", "edge_answers", "request_seconds_p99", "records_dropped", "nights_missing"} <= drawn


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_targets_are_balanced_and_titles_differ(dashboard):
    for graph in dashboard.graphs:
        for target in graph.targets:
            assert target.count("(") == target.count(")")
            assert target.count("{") == target.count("}")
    assert len({graph.title for graph in dashboard.graphs}) == len(dashboard.graphs)
    assert len(dashboard.state()["graphs"]) == len(dashboard.graphs)


def test_the_buckets_above_a_time_are_exactly_those():
    buckets = re.search(r"\{(.*)\}", slower_than("request_seconds", 0.1))[1].split(",")

    assert buckets[0] == "to_000125893"
    assert buckets[-1] == "over"
    assert len(buckets) == sum(edge > 0.1000001 for edge in SECONDS) + 1
