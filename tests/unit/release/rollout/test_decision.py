import pytest

from lifecycle.gate.judge import Judgement
from lifecycle.policy import Arm, TrafficPolicy, VersionRef, promoted, with_shadow, with_share
from lifecycle.verdict import Outcome, Verdict
from release.rollout.decision import Back, End, Enter, Hold, Look, Promote, Stage, decide, stage_of
from release.rollout.plan import Plan, Step
from release.rollout.record import Rollout

OLD, NEW, OTHER = (VersionRef(f"v{number}", str(number) * 64) for number in (1, 2, 3))
PLAN = Plan((Step(0.0), Step(0.01, 100, 5, 60), Step(0.25, 100, 5, 60), Step(0.5, 100, 5, 60)))
ROLLOUT = Rollout(1, NEW, OLD, 1, PLAN, "2026-01-01T00:00:00.000Z", "tester")
POLICY = TrafficPolicy(1, OLD)


def at(index, outcome=None, **more):
    judged = None if outcome is None else Judgement(Verdict(outcome, ("Because.",)), (), 200)
    known = {"minutes": 10.0, "judgement": judged, "rate": 1000.0}
    return Look(ROLLOUT, Stage("step", index), **(known | more))


@pytest.mark.parametrize(
    ("policy", "begun", "stage"),
    [
        (POLICY, False, Stage("before")),
        (POLICY, True, Stage("gone")),
        (with_shadow(POLICY, NEW), True, Stage("step", 0)),
        (with_share(POLICY, NEW, 0.01), True, Stage("step", 1)),
        (with_share(POLICY, NEW, 0.5), True, Stage("step", 3)),
        (with_share(POLICY, NEW, 0.33), True, Stage("foreign")),
        (promoted(POLICY, NEW), True, Stage("promoted")),
        (promoted(POLICY, OTHER), True, Stage("foreign")),
        (
            TrafficPolicy(2, OTHER, arms=(Arm("v2", NEW.digest, ((0, 500_000),)),), salt="s"),
            True,
            Stage("foreign"),
        ),
    ],
)
def test_the_policy_alone_tells_where_a_rollout_is(policy, begun, stage):
    assert stage_of(ROLLOUT, policy, begun=begun) == stage


def test_the_first_look_enters_the_first_step():
    assert decide(Look(ROLLOUT, Stage("before"))) == Enter(0)


def test_passed_is_the_next_step_and_after_the_last_the_promotion():
    assert decide(at(1, Outcome.PASSED)) == Enter(2)
    assert isinstance(decide(at(3, Outcome.PASSED)), Promote)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.ERROR])
@pytest.mark.parametrize("more", [{}, {"minutes": 0.0}, {"paused": "Paused by anna."}])
def test_failed_or_silent_is_back_at_any_time(outcome, more):
    assert decide(at(1, outcome, **more)) == Back("Because.")


def test_inconclusive_is_wait_and_says_what_for():
    assert decide(at(1, Outcome.INCONCLUSIVE)) == Hold("Because.")


def test_a_step_that_takes_too_long_still_waits_and_says_so():
    assert "within 60 minutes" in decide(at(1, Outcome.INCONCLUSIVE, minutes=90.0)).told


def test_a_step_lasts_its_least_time():
    assert isinstance(decide(at(1, Outcome.PASSED, minutes=4.0)), Hold)


def test_a_pause_stays_whatever_has_passed():
    assert decide(at(1, Outcome.PASSED, paused="Paused by anna.")) == Hold("Paused by anna.")


def test_a_step_that_can_not_see_enough_is_left_out_and_it_says_so():
    """At 5 requests a minute 1 % sees three in an hour; 25 % sees 75, half of them 150."""
    entered = decide(at(0, Outcome.PASSED, rate=5.0))

    assert entered.index == 3
    assert "1 %, 25 % could not see" in entered.told


@pytest.mark.parametrize("rate", [None, 0.0, 0.01])
def test_where_no_step_can_see_enough_or_nothing_is_known_none_is_left_out(rate):
    assert decide(at(0, Outcome.PASSED, rate=rate)) == Enter(1)


@pytest.mark.parametrize(
    ("kind", "outcome"), [("promoted", "promoted"), ("gone", "back"), ("foreign", "overtaken")]
)
def test_what_is_over_has_ended(kind, outcome):
    ended = decide(Look(ROLLOUT, Stage(kind), policy_reason="rollout 1: back: why"))

    assert isinstance(ended, End)
    assert ended.outcome == outcome
