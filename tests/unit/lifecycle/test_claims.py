from datetime import timedelta

import pytest

from lifecycle import clock
from lifecycle.claims import ClaimEndedError, ClaimHeldError, claimed
from tests.record_builders import records_area


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
        pytest.raises(ClaimHeldError, match="the job job"),
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
        with pytest.raises(ClaimEndedError, match="time limit"):
            claim.still()


def test_nothing_piles_up(control):
    for _ in range(5):
        with claimed(control, "job", 60):
            pass

    assert control.list() == ["claims/job/000005/claim.json", "claims/job/000005/done.json"]


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
