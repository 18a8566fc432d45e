"""Each alarm is told once when it begins and once when it is over, however many workers look."""

import pytest

from drift_jobs.watching.checker import BLIND_AFTER, Checker
from lifecycle.adapters.graphite import GraphiteError
from lifecycle.adapters.object_store import open_store
from lifecycle.metrics import PREFIX, bucket
from lifecycle.settings import Settings
from tests.fakes import RecordingMetrics


class Graphite:
    """What it would find, by a part of the target; `away` answers nothing."""

    def __init__(self):
        self.found, self.away = {}, False

    def ask(self, target, _seconds):
        if self.away:
            raise GraphiteError("Graphite does not answer.")
        return {path: values for path, values in self.found.items() if path.rsplit(".", 2)[0] in target}


@pytest.fixture
def graphite():
    return Graphite()


@pytest.fixture
def reports(tmp_path):
    return open_store(Settings(store=f"file://{tmp_path}")).area("reports")


def dropped(rows):
    return {f"stats.counters.{PREFIX}.records_dropped.budget.count": [rows]}


@pytest.fixture
def worker(graphite, reports):
    def made():
        letters = []
        return Checker(graphite.ask, reports, RecordingMetrics(), letters.append), letters

    return made


def test_an_alarm_is_told_when_it_begins_and_when_it_is_over(graphite, worker):
    checker, letters = worker()
    checker.once()
    assert letters == []

    graphite.found = dropped(7)
    checker.once()
    checker.once()
    assert [letter.subject for letter in letters] == ["[alarm] Records are dropped"]
    assert "7 rows of the log were dropped" in letters[0].text
    assert "picklefleet agent --once" in letters[0].text

    graphite.found = {}
    checker.once()
    checker.once()
    assert letters[1].subject == "[over] Records are dropped"

    graphite.found = dropped(1)
    checker.once()
    assert len({letter.key for letter in letters}) == 3


def test_of_two_workers_one_tells_and_a_new_one_knows_what_was_told(graphite, worker):
    (first, told_by_first), (second, told_by_second) = worker(), worker()
    graphite.found = dropped(7)
    first.once()
    second.once()

    third, told_by_third = worker()
    third.once()

    assert (len(told_by_first), len(told_by_second), len(told_by_third)) == (1, 0, 0)


def test_what_is_not_known_changes_nothing(graphite, worker):
    checker, letters = worker()
    few = {
        f"stats.counters.{PREFIX}.edge_answers.5xx.count": [9],
        f"stats.counters.{PREFIX}.edge_answers.2xx.count": [9],
    }
    graphite.found = few

    assert checker.once()["failing"].state == "unknown"
    assert letters == []


def test_a_graphite_that_stays_away_is_an_alarm_of_its_own(graphite, worker):
    checker, letters = worker()
    graphite.away = True
    for _ in range(BLIND_AFTER - 1):
        checker.once()
    assert letters == []

    checker.once()
    graphite.away = False
    checker.once()

    assert [letter.subject for letter in letters] == [
        "[alarm] Graphite can't be asked",
        "[over] Graphite can't be asked",
    ]


def test_without_anybody_to_write_to_alarms_are_counted_and_kept(graphite, reports):
    metrics = RecordingMetrics()
    graphite.found = dropped(7)

    Checker(graphite.ask, reports, metrics).once()

    assert metrics.counts["alarms.alarm"] == 1
    assert reports.list("alarms") == ["alarms/dropping/000001.json"]


def test_the_percentiles_of_the_fleet_are_told_as_metrics(graphite, reports):
    metrics = RecordingMetrics()
    path = f"stats.counters.{PREFIX}.request_seconds.{{}}.count"
    graphite.found = {
        path.format(bucket("request_seconds", 0.001)): [98],
        path.format(bucket("request_seconds", 0.5)): [2],
    }

    Checker(graphite.ask, reports, metrics).once()

    assert 0.0009 < metrics.gauges["request_seconds_p50"] < 0.0013
    assert 0.49 < metrics.gauges["request_seconds_p99"] < 0.64
