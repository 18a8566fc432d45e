from datetime import UTC, datetime, timedelta

import pytest

from drift_jobs.claims import SILENT, take
from lifecycle import clock
from lifecycle.claims import ClaimEndedError
from tests.simulated_store import SimulatedArea

LIMIT_S = 3600.0


class Time:
    def __init__(self):
        self.now = datetime(2024, 2, 29, 2, tzinfo=UTC)

    def monotonic(self):
        return self.now.timestamp()

    def pass_(self, **duration):
        self.now += timedelta(**duration)


@pytest.fixture
def time(monkeypatch):
    time = Time()
    monkeypatch.setattr(clock, "monotonic", time.monotonic)
    return time


@pytest.fixture
def store(time):
    return SimulatedArea(lambda: time.now)


def test_one_of_two_workers_gets_the_night(store):
    assert take(store, "night", LIMIT_S).number == 1
    assert take(store, "night", LIMIT_S) is None


def test_a_silent_holder_is_superseded_and_can_not_finish(store, time):
    first = take(store, "night", LIMIT_S)
    time.pass_(minutes=15, seconds=1)
    second = take(store, "night", LIMIT_S)

    assert second.number == 2
    with pytest.raises(ClaimEndedError):
        first.finish("report.json", b"stale")
    with pytest.raises(ClaimEndedError):
        first.heartbeat()
    assert second.finish("report.json", b"right")
    assert store.get("night/report.json") == b"right"


def test_heartbeats_keep_a_claim_but_not_beyond_its_life(store, time):
    first = take(store, "night", LIMIT_S)
    for _ in range(5):
        time.pass_(minutes=10)
        first.heartbeat()
        assert take(store, "night", LIMIT_S) is None
    time.pass_(minutes=10)
    with pytest.raises(ClaimEndedError):
        first.heartbeat()
    time.pass_(minutes=31)
    assert take(store, "night", LIMIT_S).number == 2


def test_exactly_fifteen_minutes_are_still_alive(store, time):
    take(store, "night", LIMIT_S)
    time.now += SILENT

    assert take(store, "night", LIMIT_S) is None


def test_a_released_night_is_free_at_once(store):
    take(store, "night", LIMIT_S).release()

    assert take(store, "night", LIMIT_S).number == 2


def test_only_the_first_result_counts(store):
    claim = take(store, "night", LIMIT_S)

    assert claim.finish("report.json", b"1")
    assert not claim.finish("report.json", b"2")


def test_nights_are_claimed_apart_and_numbers_go_beyond_nine(store):
    for number in range(1, 13):
        claim = take(store, "night", LIMIT_S)
        assert claim.number == number
        claim.release()
    assert take(store, "other", LIMIT_S).number == 1


def test_probes_for_the_stores_time_are_taken_away(store):
    take(store, "night", LIMIT_S)
    take(store, "night", LIMIT_S)

    assert store.list() == ["night/claim-1/claim.json"]
