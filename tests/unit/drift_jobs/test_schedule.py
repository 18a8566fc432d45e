from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_jobs.schedule import JOBS, due_at, last_due, nights_to_make
from drift_jobs.worker import scheduler_for

moments = st.datetimes(datetime(2012, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("now", "night"),
    [
        ("2013-08-02T01:59:59Z", date(2013, 7, 31)),
        ("2013-08-02T02:00:00Z", date(2013, 8, 1)),
        ("2024-03-01T02:00:00Z", date(2024, 2, 29)),
        ("2024-01-01T02:00:00Z", date(2023, 12, 31)),
        ("2024-03-31T03:30:00+02:00", date(2024, 3, 29)),
    ],
)
def test_a_night_is_due_at_two_on_the_day_after_it(now, night):
    assert last_due(datetime.fromisoformat(now)) == night


@given(moments)
def test_the_last_due_night_is_due_and_the_next_is_not(now):
    night = last_due(now)

    assert due_at(night) <= now < due_at(night + timedelta(days=1))


@given(moments, st.integers(0, 400))
def test_nights_come_oldest_first_without_a_hole_and_not_too_old(now, days):
    since = last_due(now) - timedelta(days=days)
    nights = nights_to_make(now, since)

    assert nights[-1] == last_due(now)
    assert len(nights) == min(days + 1, 35)
    assert all(after - before == timedelta(days=1) for before, after in pairwise(nights))


def test_before_the_first_promotion_there_is_nothing_to_make():
    assert nights_to_make(datetime(2013, 8, 2, 3, tzinfo=UTC), date(2013, 8, 2)) == ()


def test_the_scheduler_loses_no_late_call_and_never_runs_a_job_twice_at_once():
    jobs = {
        job.id: job
        for job in scheduler_for(dict.fromkeys((job.name for job in JOBS), lambda: None)).get_jobs()
    }

    assert jobs.keys() == {job.name for job in JOBS}
    assert (jobs["night"].misfire_grace_time, jobs["night"].coalesce, jobs["night"].max_instances) == (
        21600,
        True,
        1,
    )
    fire = jobs["night"].trigger.get_next_fire_time(None, datetime(2024, 3, 31, 0, 30, tzinfo=UTC))
    assert fire == datetime(2024, 3, 31, 2, tzinfo=UTC)
