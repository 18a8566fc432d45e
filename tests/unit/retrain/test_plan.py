from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from lifecycle.drift.decision import COOLDOWN
from retrain.cooldown import require_cool
from retrain.plan import Plan, moment_for, plan_from
from retrain.stopped import TrainingWaitsError
from tests.retrain_world import drift_request

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLAN = Plan("2013-08-01-v1", "v1", "0" * 64, "2013-08-02T02:00:00.000Z", 0, "")


def test_a_plan_comes_back_from_its_document():
    assert plan_from(PLAN.to_document()) == PLAN
    assert PLAN.moment == datetime(2013, 8, 2, 2, tzinfo=UTC)


def test_another_seed_champion_or_moment_is_another_plan():
    others = [
        replace(PLAN, seed=1),
        replace(PLAN, champion_digest="1" * 64),
        replace(PLAN, as_of="2013-08-03T02:00:00.000Z"),
    ]

    assert len({one.digest() for one in (PLAN, *others)}) == 4


def test_in_earnest_it_is_always_now():
    assert moment_for(drift_request(date(2013, 8, 1)), NOW, replay=False) == NOW


def test_in_replayed_times_it_is_when_the_night_was_judged_or_a_person_asked():
    night = drift_request(date(2013, 8, 1))
    person = replace(night, origin="person", made_at="2013-08-05T00:00:00.000Z")

    assert moment_for(night, NOW, replay=True) == datetime(2013, 8, 2, 2, tzinfo=UTC)
    assert moment_for(person, NOW, replay=True) == datetime(2013, 8, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "apart", [timedelta(0), COOLDOWN - timedelta(seconds=1), timedelta(seconds=1) - COOLDOWN]
)
def test_no_two_fits_lie_within_a_cooldown(apart):
    with pytest.raises(TrainingWaitsError):
        require_cool(NOW, [NOW - apart])


def test_the_cooldown_ends_after_seven_days():
    require_cool(NOW, [NOW - COOLDOWN, NOW + COOLDOWN])
    require_cool(NOW, [])
