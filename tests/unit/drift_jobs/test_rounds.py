"""A year of nights with three workers that die, freeze and have wrong clocks, in one process with simulated time."""

import json
import random
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import pytest

from drift_jobs.night import Place
from drift_jobs.reports import Reports
from drift_jobs.rounds import Rounds
from lifecycle import clock, journal
from lifecycle.errors import PicklefleetError
from lifecycle.policy import TrafficPolicy, VersionRef
from lifecycle.registry import Registry
from lifecycle.retraining import RetrainQueue
from tests.fakes import RecordingMetrics
from tests.simulated_store import Killed, SimulatedArea

FIRST = date(2023, 6, 1)
NIGHTS = 365  # through the end of daylight saving, the year's end and the leap day


class World:
    """Its own time, a store, and the places where fate strikes."""

    def __init__(self, seed, monkeypatch):
        self.random = random.Random(seed)  # noqa: S311 - the dice of a simulation
        self.now = datetime(2023, 6, 1, 12, tzinfo=UTC)
        self.deadly = 0.0
        self.control = SimulatedArea(lambda: self.now, self._fate)
        self.reports = SimulatedArea(lambda: self.now, self._fate)
        monkeypatch.setattr(clock, "monotonic", self.monotonic)
        self.busy = set()
        promoted = TrafficPolicy(1, VersionRef("v1", "d"), made_at="2023-06-01T00:00:00.000Z")
        journal.append(self.control, "policy", asdict(promoted))
        self.announced, self.missed = [], []

    def announce(self, report):
        self.announced.append(report["night"])

    def missing(self, nights):
        self.missed.append([night.isoformat() for night in nights])

    def monotonic(self):
        return self.now.timestamp()

    def _fate(self):
        if self.random.random() < self.deadly:
            raise Killed

    def place(self):
        registry = Registry(self.control, self.control)
        return Place(registry, None, None, Reports(self.reports), RetrainQueue(self.control))


class Worker:
    def __init__(self, world, name, rounds=Rounds):
        self.world, self.name, self.jump = world, name, timedelta(0)
        self.rounds = rounds(world.place(), RecordingMetrics(), self.judge, self.now, post=world)

    def now(self):
        return self.world.now + self.jump

    def wake(self):
        """Until it is done, or dead: a dead one is started again by the next call."""
        if self.name in self.world.busy:
            return
        self.world.busy.add(self.name)
        try:
            self.rounds.once()
        except Killed:
            pass
        finally:
            self.world.busy.discard(self.name)

    def judge(self, night, claim):
        """It takes a while; some freeze longer than a claim lasts, and meanwhile the others work."""
        world = self.world
        fate = world.random.random()
        if fate < 0.15:
            raise Killed
        if fate < 0.2:
            raise PicklefleetError("The store is away.")
        if fate < 0.4:
            world.now += timedelta(minutes=world.random.choice([5, 16, 40, 100]))
            for other in world.workers:
                other.wake()
        retrain = night.day == 1
        decision = {"retrain": retrain, "reason": "", "nights": [night.isoformat()], "evidence": []}
        return {
            "night": night.isoformat(), "by": self.name, "model": "m", "version": "v1", "severity": "ok",
            "made_at": "x", "decision": decision,
        }  # fmt: skip


class WithoutClaims(Rounds):
    """The broken twin: it looks whether the report is there, and writes it when it is made."""

    def make(self, night):
        report = self.judge(night, None)
        store = self.place.reports.store
        key = f"{night.isoformat()}/report.json"
        if store.exists(key):
            store.twice += 1
        store.delete(key)
        store.create(key, json.dumps(report).encode())
        return True


def live(world, rounds=Rounds, nights=NIGHTS, deadly=0.02):
    world.reports.twice = 0
    world.workers = [Worker(world, name, rounds) for name in "abc"]
    for day in range(1, nights + 1):
        world.now = datetime(2023, 6, 1, 1, 30, tzinfo=UTC) + timedelta(days=day)
        world.deadly = deadly
        away = world.random.random() < 0.03  # the night's calls are all lost: the machines were off
        for _ in range(0 if away else 6):
            world.now += timedelta(minutes=world.random.choice([1, 20, 60]))
            worker = world.random.choice(world.workers)
            worker.jump = timedelta(hours=world.random.choice([0, 0, 0, 1, -1]))
            worker.wake()
    world.deadly = 0.0
    world.now += timedelta(hours=20)
    for _ in range(200):
        world.now += timedelta(minutes=30)
        for worker in world.workers:
            worker.jump = timedelta(0)
            worker.wake()
        if not world.workers[0].rounds.undone():
            return


@pytest.mark.parametrize("seed", [1, 2])
def test_a_year_of_kills_and_jumps_gives_exactly_one_report_a_night(monkeypatch, seed):
    world = World(seed, monkeypatch)

    live(world)

    nights = Reports(world.reports).nights()
    expected = [FIRST + timedelta(days=step) for step in range(NIGHTS)]
    assert nights[:NIGHTS] == expected
    assert len(set(nights)) == len(nights)
    assert date(2024, 2, 29) in nights
    assert len(set(world.announced)) == len(world.announced), "only a report's maker tells of it"
    assert set(world.announced) <= {night.isoformat() for night in nights}


def test_no_stale_workers_report_counts(monkeypatch):
    world = World(3, monkeypatch)
    finished = []
    create = world.reports.create

    def watched(key, data):
        create(key, data)
        if key.endswith("/report.json"):
            folder = key.split("/")[0]
            claims = [one.split("/")[1] for one in world.reports.list(folder) if "/claim-" in one]
            finished.append((world_claim(data), max(int(one.removeprefix("claim-")) for one in claims)))

    monkeypatch.setattr(world.reports, "create", watched)
    live(world, nights=120)

    assert len(finished) >= 120
    assert all(mine == newest for mine, newest in finished)
    assert any(newest > 1 for _, newest in finished), "nobody was ever superseded: this showed nothing"


def world_claim(data):
    return json.loads(data)["claim"]


def test_the_request_of_a_worker_that_died_right_after_its_report_is_made_up(monkeypatch):
    world = World(4, monkeypatch)

    live(world, nights=120, deadly=0.1)

    asked = [one.night for one in RetrainQueue(world.control).requests()]
    assert asked == [night for night in Reports(world.reports).nights() if night.day == 1]


def test_without_claims_reports_are_made_twice(monkeypatch):
    world = World(1, monkeypatch)

    live(world, WithoutClaims)

    assert world.reports.twice > 0


def test_a_worker_whose_clock_is_days_ahead_makes_no_report_of_a_night_that_is_not_over(monkeypatch):
    world = World(7, monkeypatch)
    world.workers = [Worker(world, "a")]
    world.now = datetime(2024, 2, 29, 12, tzinfo=UTC)
    world.control.objects.clear()
    promoted = TrafficPolicy(1, VersionRef("v1", "d"), made_at="2024-02-28T00:00:00.000Z")
    journal.append(world.control, "policy", asdict(promoted))
    world.workers[0].jump = timedelta(days=366)

    for _ in range(20):
        world.workers[0].wake()
    assert Reports(world.reports).nights() == [], "its last 35 days are all to come"
    world.workers[0].jump = timedelta(days=2)
    for _ in range(20):
        world.workers[0].wake()

    assert Reports(world.reports).nights() == [date(2024, 2, 28)]


def test_a_missing_report_is_an_alarm(monkeypatch):
    world = World(5, monkeypatch)
    worker = Worker(world, "a")
    world.workers = [worker]
    world.now = datetime(2023, 6, 3, 7, 59, tzinfo=UTC)

    assert worker.rounds.alarm() == 1, "the first night is late, the second has another minute"
    world.now += timedelta(minutes=1)
    assert worker.rounds.alarm() == 2
    assert worker.rounds.metrics.gauges["nights_missing"] == 2
    assert world.missed == [["2023-06-01"], ["2023-06-01", "2023-06-02"]]


def test_nothing_is_due_before_a_first_promotion(monkeypatch):
    world = World(6, monkeypatch)
    world.control.objects.clear()

    assert Worker(world, "a").rounds.undone() == ()
