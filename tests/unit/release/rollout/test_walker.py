"""A rollout from its first look to its end, in a real store, with minutes that go by when the walker waits."""

from dataclasses import replace

import pytest

from lifecycle.measurements.fleet import open_gate, open_gates
from lifecycle.policy import VersionRef, promoted, with_share, without
from release.rollout.plan import Plan, Step
from release.rollout.walker import take_out
from release.series import event

UP = [("v1", None), ("v1", "shadow"), ("v1", 0.1), ("v1", 0.5), ("v2", None)]


def test_a_challenger_as_good_as_the_champion_walks_all_steps_and_is_promoted(world):
    ended = world.walk(world.start())

    assert ended.outcome == "promoted"
    assert world.states() == UP


def test_every_step_leaves_its_evidence(world):
    rollout = world.start()
    world.walk(rollout)

    events = list(world.rollouts.events(rollout))
    assert [one.what for one in events] == ["entered", "entered", "entered", "promoted"]
    assert [one.step for one in events[:3]] == ["shadow", "10 %", "50 %"]
    assert [one.policy for one in events] == [2, 3, 4, 5]
    assert events[3].evidence["outcome"] == "passed"


def test_a_failing_challenger_goes_back_by_one_entry(world):
    world.traffic.failing = 5
    ended = world.walk(world.start())

    assert ended.outcome == "back"
    assert "Failed requests" in ended.told
    assert world.states() == [*UP[:2], ("v1", None)]
    assert "rollout 1: back" in world.journal.newest().reason


def test_a_challenger_that_fails_only_under_traffic_goes_back_from_there(world):
    rollout = world.start()
    while world.states()[-1] != ("v1", 0.1):
        world.walker().step(rollout)
        world.pass_minute()
    world.traffic.failing = 8

    assert world.walk(rollout).outcome == "back"
    assert world.states() == [*UP[:3], ("v1", None)]


def test_a_silent_challenger_goes_back(world):
    world.traffic.silent = True
    ended = world.walk(world.start())

    assert ended.outcome == "back"
    assert "nothing to judge" in ended.told


def test_machines_that_measure_nothing_any_more_are_a_failure(world):
    world.traffic.dead = True
    ended = world.walk(world.start())

    assert ended.outcome == "back"
    assert "No machine has written measurements" in ended.told


def test_too_little_traffic_holds_and_neither_promotes_nor_goes_back(world):
    world.traffic.rate = 2
    rollout = world.start()

    assert world.walk(rollout) is None
    assert len(world.states()) == 2


@pytest.mark.parametrize(("wrong", "outcome"), [(20, "promoted"), (45, "back")])
def test_true_values_decide_where_the_plan_asks_for_them(world, wrong, outcome):
    world.plan = replace(world.plan, signals=("errors", "labels"))
    world.traffic.wrong = wrong

    assert world.walk(world.start()).outcome == outcome


def test_true_values_that_never_come_hold_where_the_plan_asks_for_them(world):
    world.plan = replace(world.plan, signals=("errors", "labels"))

    assert world.walk(world.start()) is None
    assert world.states()[-1] == ("v1", 0.1)


def test_a_pause_stays_and_a_failure_goes_back_all_the_same(world):
    rollout = world.start()
    world.walker().step(rollout)
    world.rollouts.tell(rollout, event("paused", "lunch", "anna"))
    for _ in range(10):
        world.pass_minute()
        assert world.walker().step(rollout) is None
    assert world.states() == UP[:2]

    world.traffic.failing = 10
    assert world.walk(rollout).outcome == "back"


def test_it_goes_on_after_the_pause(world):
    rollout = world.start()
    world.walker().step(rollout)
    world.rollouts.tell(rollout, event("paused", "", "anna"))
    world.rollouts.tell(rollout, event("resumed", "", "anna"))

    assert world.walk(rollout).outcome == "promoted"


def test_an_abort_ends_it_at_once(world):
    rollout = world.start()
    world.walker().step(rollout)
    world.rollouts.end(rollout, "aborted", "enough")
    take_out(world.journal, world.key, rollout, by="anna", reason="enough")

    assert world.walk(rollout).outcome == "aborted"
    assert world.states()[-1] == ("v1", None)


def test_an_abort_wins_against_a_walker_that_enters_at_the_same_moment(world):
    """The abort finds nothing to take out, then the walker writes its step: its next look takes it out again."""
    rollout = world.start()

    class Late:
        def __call__(self, *_):
            world.rollouts.end(rollout, "aborted", "enough")

    world.walker(told=Late()).step(rollout)
    assert world.states()[-1] == ("v1", "shadow")

    world.walk(rollout)
    assert world.states()[-1] == ("v1", None)


def test_somebody_who_promotes_another_version_ends_it(world, add, registry, keys, trust):
    third = add(b"third")
    registry.admit(third, keys["admission"], trust)
    rollout = world.start()
    world.walker().step(rollout)
    world.journal.change(
        world.key, lambda policy: promoted(policy, VersionRef("v3", third.digest)), by="anna", reason="mine"
    )

    assert world.walk(rollout).outcome == "overtaken"
    assert world.states()[-1] == ("v3", None)


def test_a_share_that_somebody_set_by_hand_is_not_touched(world):
    rollout = world.start()
    world.walker().step(rollout)
    by_hand = lambda policy: with_share(policy, rollout.challenger, 0.33)  # noqa: E731
    world.journal.change(world.key, by_hand, by="anna", reason="mine")

    ended = world.walk(rollout)
    assert ended.outcome == "overtaken"


def test_a_rollback_by_hand_ends_it(world):
    rollout = world.start()
    world.walker().step(rollout)
    world.journal.change(
        world.key, lambda policy: without(policy, rollout.challenger.digest), by="anna", reason="not today"
    )

    ended = world.walk(rollout)
    assert (ended.outcome, ended.told) == ("back", "not today")


def test_the_gate_is_open_while_it_walks_and_no_longer(world):
    """An earlier walker, killed in its last moment, left its own open."""
    control = world.rollouts.control
    open_gate(control, "rollout-000099")
    rollout = world.start()
    seen = []
    walker = world.walker(told=lambda *_: seen.append(open_gates(control)))
    world.traffic.failing = 9
    walker.walk(rollout, None, world.pass_minute)

    assert seen[0] == ["rollout-000001"]
    assert open_gates(control) == []


def test_two_walkers_at_once_leave_the_same_policies_as_one(world):
    rollout = world.start()
    seen = []
    for _ in range(60):
        for walker in (world.walker(), world.walker()):
            ended = walker.step(rollout)
            if ended:
                seen.append(ended.outcome)
        world.pass_minute()

    assert world.states() == UP
    assert set(seen) == {"promoted"}


def test_a_walker_that_is_late_finds_the_step_taken(world):
    """Both look, the first acts, then the second acts on what it saw: its entry has a number that is taken."""
    rollout = world.start()

    class First:
        def __call__(self, *_):
            world.walker().step(rollout)

    world.walker(told=First()).step(rollout)

    assert world.states() == UP[:2]


def test_a_small_service_starts_at_the_share_that_can_be_judged(world):
    plan = Plan((Step(0.01, 100, 1, 60), Step(0.5, 100, 1, 600)))
    world.traffic.rate = 4
    for _ in range(5):
        world.pass_minute()
    rollout = world.start(plan=plan)
    world.walker().step(rollout)

    assert world.states()[-1] == ("v1", 0.5)
    (entered,) = world.rollouts.events(rollout)
    assert "goes on at 50 %" in entered.told
