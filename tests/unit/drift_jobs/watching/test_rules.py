import pytest

from drift_jobs.watching.rules import RULES
from drift_jobs.watching.targets import quantile_of
from lifecycle.metrics import PREFIX, bucket

BY_NAME = {rule.name: rule for rule in RULES}


def counter(path, *values):
    return {f"stats.counters.{PREFIX}.{path}.count": list(values)}


def times(**seconds):
    """`s_0_5=10`: ten requests of half a second."""
    found = {}
    for text, count in seconds.items():
        value = float(text.removeprefix("s_").replace("_", "."))
        found |= counter(f"request_seconds.{bucket('request_seconds', value)}", count)
    return found


def judged(name, **found):
    return BY_NAME[name].judge(found).state


def free(**machines):
    return {
        f"stats.gauges.{PREFIX}.host_disk_free_percent.{name}": values for name, values in machines.items()
    }


def confirmed(*machines):
    return {
        path: values
        for name in machines
        for path, values in counter(f"agent_keys_confirmed.{name}", 1, 1).items()
    }


def ever(*machines):
    """As Graphite names what was asked of it through a function."""
    return {f"summarize({path}, '1h', 'sum')": [360.0] for path in confirmed(*machines)}


def admitted(**machines):
    return {
        f"stats.gauges.{PREFIX}.edge_admitted.{name}": [1.0, float(last)] for name, last in machines.items()
    }


@pytest.mark.parametrize(
    ("name", "found", "state"),
    [
        ("failing", {"failed": counter("a", 1, 1), "all": counter("b", 100, 99)}, "alarm"),
        ("failing", {"failed": counter("a", 2), "all": counter("b", 200)}, "fine"),
        ("failing", {"failed": {}, "all": counter("b", 200)}, "fine"),
        ("failing", {"failed": counter("a", 50), "all": counter("b", 99)}, "unknown"),
        ("slow", {"buckets": times(s_0_01=985, s_2=15)}, "alarm"),
        ("slow", {"buckets": times(s_0_01=995, s_2=5)}, "fine"),
        ("slow", {"buckets": times(s_2=99)}, "unknown"),
        ("dropping", {"dropped": counter("a", 1)}, "alarm"),
        ("dropping", {"dropped": {}}, "fine"),
        ("silent", {"now": {}, "ever": counter("a", 5)}, "alarm"),
        ("silent", {"now": counter("a", 5), "ever": counter("a", 5)}, "fine"),
        ("silent", {"now": {}, "ever": {}}, "unknown"),
        ("keys-old", {"now": {}, "ever": {}, "admitted": {}}, "unknown"),
        (
            "keys-old",
            {"now": confirmed("a", "b"), "ever": ever("a", "b"), "admitted": admitted(a=1, b=1)},
            "fine",
        ),
        (
            "keys-old",
            {"now": confirmed("a"), "ever": ever("a", "b"), "admitted": admitted(a=1, b=1)},
            "alarm",
        ),
        ("keys-old", {"now": confirmed("a"), "ever": ever("a", "b"), "admitted": admitted(a=1, b=0)}, "fine"),
        ("keys-old", {"now": confirmed("a"), "ever": ever("a", "b"), "admitted": {}}, "alarm"),
        ("keys-old", {"now": {}, "ever": ever("a"), "admitted": admitted(a=1)}, "alarm"),
        ("store-away", {"ok": {}, "failed": counter("a", 3)}, "alarm"),
        ("store-away", {"ok": counter("a", 1), "failed": counter("a", 3)}, "fine"),
        ("store-away", {"ok": {}, "failed": {}}, "unknown"),
        ("disk-full", {"free": free(a=[50, 9.5], b=[50])}, "alarm"),
        ("disk-full", {"free": free(a=[9, 50], b=[50])}, "fine"),
        ("disk-full", {"free": {}}, "unknown"),
        ("certificate-30-days", {"free": free(a=[29.5], b=[200])}, "alarm"),
        ("certificate-7-days", {"free": free(a=[29.5], b=[200])}, "fine"),
        ("certificate-7-days", {"free": free(a=[6.9])}, "alarm"),
    ],
)
def test_a_rule_judges_what_graphite_found(name, found, state):
    assert judged(name, **found) == state


def test_the_machine_that_may_let_in_a_revoked_key_is_named():
    found = {"now": confirmed("m-1"), "ever": ever("m-1", "m-2"), "admitted": {}}

    assert "m-2 has not asked" in BY_NAME["keys-old"].judge(found).sentence


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_what_to_do_and_can_judge_silence(rule):
    assert rule.step[1].startswith("picklefleet ")
    assert rule.judge({key: {} for key in rule.questions}).state in {"unknown", "fine"}


def test_the_quantile_of_a_fleet_is_that_of_the_sum_of_its_histograms():
    fast, slow = times(s_0_001=900), times(s_0_5=100)

    assert 0.0009 < quantile_of("request_seconds", 0.5, fast | slow) < 0.0013
    assert 0.49 < quantile_of("request_seconds", 0.99, fast | slow) < 0.64
