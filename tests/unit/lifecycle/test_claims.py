from datetime import UTC, datetime, timedelta

import pytest

from lifecycle import clock
from lifecycle.claims import LONGEST_S, SILENT, ClaimEndedError, ClaimHeldError, claimed, take
from lifecycle.errors import NotFoundError, StoreError
from tests.record_builders import records_area
from tests.simulated_store import SimulatedArea


class StoreWithClock:
    """The real store, whose own clock is ahead of every object by so much as was waited."""

    def __init__(self, area):
        self._area, self._waited, self._made = area, timedelta(0), {}

    def wait(self, seconds):
        self._waited += timedelta(seconds=seconds)

    def create(self, key, data):
        self._area.create(key, data)
        self._made[key] = self._waited

    def last_modified(self, key):
        return self._area.last_modified(key) + self._made[key]

    def __getattr__(self, name):
        return getattr(self._area, name)


@pytest.fixture
def control(tmp_path):
    return StoreWithClock(records_area(tmp_path))


def abandon(control, limit_s):
    """What a killed holder leaves."""
    holding = claimed(control, "job", limit_s)
    claim = holding.__enter__()
    control.abandoned = holding  # kept: collecting it would give the claim back
    return claim


def test_one_at_a_time(control):
    with (
        claimed(control, "job", 60),
        pytest.raises(ClaimHeldError, match="claims/job"),
        claimed(control, "job", 60),
    ):
        pass


def test_other_jobs_are_not_in_the_way(control):
    with claimed(control, "job", 60), claimed(control, "another", 60) as other:
        assert other.number == 1


def test_it_is_free_again_at_the_end_and_after_a_failure(control):
    with claimed(control, "job", 60) as first:
        pass
    with pytest.raises(ZeroDivisionError), claimed(control, "job", 60):
        raise ZeroDivisionError
    with claimed(control, "job", 60) as third:
        assert (first.number, third.number) == (1, 3)


def test_a_killed_holders_claim_lasts_half_as_long_again_as_its_job_may(control):
    abandon(control, 100)
    control.wait(149)
    with pytest.raises(ClaimHeldError, match="Try again"), claimed(control, "job", 100):
        pass
    control.wait(2)
    with claimed(control, "job", 100) as taken:
        assert taken.number == 2


def test_it_is_the_holders_limit_that_counts(control):
    abandon(control, 1000)
    control.wait(200)
    with pytest.raises(ClaimHeldError), claimed(control, "job", 10):
        pass


def test_this_machines_clock_decides_nothing(control, monkeypatch):
    abandon(control, 100)
    monkeypatch.setattr(clock, "now", lambda: pytest.fail("asked this machine"))
    monkeypatch.setattr(clock, "unix_ms", lambda: pytest.fail("asked this machine"))
    with pytest.raises(ClaimHeldError), claimed(control, "job", 100):
        pass


def test_of_two_that_come_at_once_one_gets_it(control):
    class Late(StoreWithClock):
        def create(self, key, data):
            if key.startswith("claims/"):
                control.create(key, data)  # the other one, a moment earlier
            super().create(key, data)

    with pytest.raises(ClaimHeldError), claimed(Late(control), "job", 60):
        pass


def test_the_holder_is_told_when_its_time_is_up(control, monkeypatch):
    with claimed(control, "job", 60) as claim:
        claim.still()
        monkeypatch.setattr(clock, "monotonic", lambda: claim.ends_at)
        with pytest.raises(ClaimEndedError, match="longer than it may"):
            claim.still()


def test_nothing_piles_up(control):
    for _ in range(5):
        with claimed(control, "job", 60):
            pass

    assert control.list() == ["claims/job/claim-5/claim.json", "claims/job/claim-5/released"]


def test_numbers_only_grow_so_that_a_late_holder_cannot_give_back_anothers(control):
    first = abandon(control, 1)
    control.wait(5)
    with claimed(control, "job", 60) as second:
        control.abandoned.__exit__(None, None, None)
        with pytest.raises(ClaimHeldError), claimed(control, "job", 60):
            pass
    assert (first.number, second.number) == (1, 2)


def test_what_a_killed_holder_left_is_taken_over_at_once_by_the_same_place(control):
    holding = claimed(control, "job", 60, holder="this folder")
    holding.__enter__()
    control.abandoned = holding

    with pytest.raises(ClaimHeldError), claimed(control, "job", 60, holder="another folder"):
        pass
    with pytest.raises(ClaimHeldError), claimed(control, "job", 60):
        pass
    with claimed(control, "job", 60, holder="this folder") as claim:
        assert claim.number == 2


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


def take_night(store):
    return take(store, "night", LIMIT_S, silent=SILENT)


def assert_held(store):
    with pytest.raises(ClaimHeldError):
        take_night(store)


def test_a_silent_holder_is_superseded_and_can_not_finish(store, time):
    first = take_night(store)
    time.pass_(minutes=15, seconds=1)
    second = take_night(store)

    assert second.number == 2
    with pytest.raises(ClaimEndedError, match="took over"):
        first.finish("report.json", b"stale")
    with pytest.raises(ClaimEndedError):
        first.heartbeat()
    assert second.finish("report.json", b"right")
    assert store.get("night/report.json") == b"right"


def test_heartbeats_keep_a_claim_but_not_beyond_its_life(store, time):
    first = take_night(store)
    for _ in range(5):
        time.pass_(minutes=10)
        first.heartbeat()
        assert_held(store)
    time.pass_(minutes=10)
    with pytest.raises(ClaimEndedError):
        first.heartbeat()
    time.pass_(minutes=31)
    assert take_night(store).number == 2


def test_beats_that_are_too_many_do_not_outlive_the_claim(store, time):
    take_night(store)
    for beat in range(10):
        time.pass_(minutes=10)
        store.create(f"night/claim-1/beat-{beat}", b"")
    assert take_night(store).number == 2


def test_who_promised_no_heartbeat_may_be_silent(store, time):
    take(store, "night", LIMIT_S)
    time.pass_(minutes=80)

    assert_held(store)


def test_exactly_fifteen_minutes_are_still_alive(store, time):
    take_night(store)
    time.now += SILENT

    assert_held(store)


def test_a_released_night_is_free_at_once(store):
    claim = take_night(store)
    claim.release()
    claim.release()

    assert take_night(store).number == 2


def test_only_the_first_result_counts(store):
    claim = take_night(store)

    assert claim.finish("report.json", b"1")
    assert not claim.finish("report.json", b"2")


def test_nights_are_claimed_apart_and_numbers_go_beyond_nine(store):
    for number in range(1, 13):
        claim = take_night(store)
        assert claim.number == number
        claim.release()
    assert take(store, "other", LIMIT_S).number == 1


def test_probes_for_the_stores_time_are_taken_away(store):
    take_night(store)
    assert_held(store)

    assert store.list() == ["night/claim-1/claim.json"]


def test_who_looked_long_ago_does_not_take_an_old_number(store):
    """Between the look and the write others came and went, and were forgotten: the number is free again."""
    take_night(store).release()
    list_now = store.list
    looks = [["night/claim-1/claim.json"]]
    store.list = lambda prefix: looks.pop() if looks else list_now(prefix)
    store.exists = lambda key: bool(store.objects.pop("night/claim-1/claim.json"))
    store.create("night/claim-3/claim.json", b"{}")

    assert_held(store)


def test_no_document_claims_a_job_for_ever(store, time):
    store.create("night/claim-1/claim.json", b'{"number": 1, "limit_s": 1e300}')
    assert_held(store)
    time.pass_(seconds=1.5 * LONGEST_S + 1)

    assert take_night(store).number == 2


def test_a_document_that_is_none_is_told_with_the_way_out(store):
    store.create("night/claim-1/claim.json", b"nonsense")

    with pytest.raises(StoreError, match=r"night/claim-1/claim\.json is no claim.*Delete it"):
        take_night(store)


def test_a_claim_that_was_forgotten_while_we_looked_is_in_nobodys_way(store, monkeypatch):
    take_night(store)

    def gone(key):
        raise NotFoundError(key)

    monkeypatch.setattr(store, "last_modified", gone)
    assert take_night(store).number == 2
