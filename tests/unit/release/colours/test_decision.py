from dataclasses import replace

import pytest

from lifecycle.gate.judge import Judgement
from lifecycle.releases.intent import back, promoted, retired, shared
from lifecycle.releases.machine_status import ColourStatus, MachineStatus
from lifecycle.releases.release import FORMATS, Formats
from lifecycle.verdict import Outcome, Verdict
from release.colours.checks import obstacles
from release.colours.decision import Change, Done, Hold, Look, decide
from release.colours.plan import WalkPlan
from tests.release_builders import NEW, NOW_MS, OLD, SMOKE, STARTING, STEADY, machine, numbered

CANARY = numbered(shared(SMOKE, 1, "canary"), 4)
HALF = numbered(shared(CANARY, 50, "half"), 5)
WARM = numbered(promoted(HALF), 6)
PLAN = WalkPlan(min_minutes=3, warm_minutes=30)


def judged(outcome, *reasons):
    return Judgement(Verdict(outcome, reasons or ("A reason.",)), (), 700)


def at(intent, *machines, minutes=4.0, judgement=None):
    there = machines or (machine(intent), machine(intent, "m2"))
    return decide(Look(intent, {one.machine: one for one in there}, NOW_MS, minutes, judgement), PLAN)


def test_golden_rows_are_asked_when_every_machine_is_ready():
    action = at(STARTING)

    assert isinstance(action, Change)
    assert action.after.step == "smoke"


@pytest.mark.parametrize(
    "slow",
    [machine(STARTING, "m2", ready=False), machine(STARTING, "m2", runs="another release")],
)
def test_a_machine_that_is_not_ready_is_waited_for_and_named(slow):
    action = at(STARTING, machine(STARTING), slow)

    assert isinstance(action, Hold)
    assert "m2" in action.told


def test_a_release_that_does_not_become_ready_in_time_goes_back():
    action = at(STARTING, machine(STARTING, ready=False), minutes=11)

    assert isinstance(action, Change)
    assert action.failed
    assert action.after.weight("blue") == 100


def test_wrong_golden_rows_take_a_release_back_before_it_has_a_client():
    action = at(SMOKE, machine(SMOKE), machine(SMOKE, "m2", wrong="Output 'late': labels differ."))

    assert isinstance(action, Change)
    assert action.failed
    assert "m2: Output 'late'" in action.told


def test_golden_rows_that_nobody_has_asked_yet_are_waited_for():
    assert isinstance(at(SMOKE, machine(SMOKE), machine(SMOKE, "m2", smoke=""), minutes=1), Hold)
    assert at(SMOKE, machine(SMOKE, smoke=""), minutes=3).failed


def test_right_golden_rows_let_a_canary_out():
    action = at(SMOKE)

    assert action.after.weight("green") == PLAN.canary_percent
    assert action.after.step == "canary"


@pytest.mark.parametrize(("intent", "judgement"), [(SMOKE, None), (CANARY, judged(Outcome.PASSED))])
def test_a_step_begins_when_a_minute_ends_for_only_whole_ones_are_compared(intent, judgement):
    midst = NOW_MS - 30_000
    there = {"m1": machine(intent, at_ms=midst)}

    assert isinstance(decide(Look(intent, there, midst, 4.0, judgement), PLAN), Hold)


def test_a_canary_that_passed_gets_half_and_then_all_clients():
    assert at(CANARY, judgement=judged(Outcome.PASSED)).after.step == "half"
    assert at(HALF, judgement=judged(Outcome.PASSED)).after.live == "green"


def test_a_step_lasts_as_long_as_it_must_however_good_it_looks():
    assert isinstance(at(CANARY, minutes=1, judgement=judged(Outcome.PASSED)), Hold)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.ERROR])
def test_failed_and_silent_go_back_at_once(outcome):
    action = at(CANARY, minutes=0.1, judgement=judged(outcome, "Failed requests: 4 % and 0 %."))

    assert action.failed
    assert action.told == "Failed requests: 4 % and 0 %."
    assert action.after.weight("green") == 0


def test_undecided_holds_and_after_its_time_asks_a_person():
    early = at(CANARY, judgement=judged(Outcome.INCONCLUSIVE))
    late = at(CANARY, minutes=121, judgement=judged(Outcome.INCONCLUSIVE))

    assert isinstance(early, Hold)
    assert isinstance(late, Hold)
    assert "a person decides" in late.told
    assert "a person decides" not in early.told


@pytest.mark.parametrize(
    ("sick", "told"),
    [
        (machine(CANARY, "m2", at_ms=NOW_MS - 31_000), "m2 has said nothing for 31 s"),
        (machine(CANARY, "m2", at_ms=NOW_MS + 61_000), "clock of m2 is 61 s ahead"),
        (machine(CANARY, "m2", ready=False), "not ready any more on m2"),
        (machine(CANARY, "m2", idle_bytes=1300 << 20), "twice the memory"),
    ],
)
def test_a_machine_that_is_sick_takes_a_release_back(sick, told):
    action = at(CANARY, machine(CANARY), sick, judgement=judged(Outcome.PASSED))

    assert action.failed
    assert told in action.told


def test_the_old_colour_is_kept_warm_and_then_retired():
    assert isinstance(at(WARM, minutes=29), Hold)
    assert at(WARM, minutes=30).after.release("blue") is None


def test_what_was_taken_back_is_retired_and_then_there_is_nothing_to_do():
    gone = at(numbered(back(CANARY), 5))

    assert gone.after.release("green") is None
    assert isinstance(at(numbered(gone.after, 6)), Done)
    assert isinstance(at(STEADY), Done)


def test_without_any_machine_nothing_moves():
    assert isinstance(decide(Look(CANARY, {}, NOW_MS, 9, judged(Outcome.PASSED)), PLAN), Hold)


def test_a_release_of_another_runtime_is_refused():
    (told,) = obstacles(NEW, STEADY, {"v3": "sklearn-1.6"})

    assert "Build the image with RUNTIME=sklearn-1.6" in told
    assert not list(obstacles(NEW, STEADY, {"v3": "sklearn-1.9"}))


def test_a_release_must_read_what_is_there_and_be_read_on_the_way_back():
    newer = replace(NEW, formats=FORMATS | {"records": Formats((1, 2), 2)})
    blind = replace(NEW, formats=FORMATS | {"records": Formats((2,), 2)})

    assert [one.partition(":")[0] for one in obstacles(newer, STEADY, {})] == [
        "r1 can't read records of format 2"
    ]
    assert len(list(obstacles(blind, STEADY, {}))) == 2
    assert not list(obstacles(NEW, None, {}))
    assert OLD.formats


def alone(intent, colour, name, *, at_ms=NOW_MS, ready=True):
    """A machine of one colour, as on Azure."""
    release = intent.release(colour)
    seen = ColourStatus(release.id if release else "", ready, "walk-1", "", 300 << 20)
    return MachineStatus(name, at_ms, intent.number, True, {colour: 100}, 5, {colour: seen})


def apart(intent, *, machines=3, **more):
    """A look at a fleet whose colours have machines of their own."""
    there = [alone(intent, colour, f"{colour}-{n}") for colour in ("blue", "green") for n in range(machines)]
    return Look(intent, {one.machine: one for one in there}, NOW_MS, more.pop("minutes", 4.0), **more)


def of_own(intent):
    colours = intent.colours | {"green": replace(intent.colours["green"], machines=3)}
    return replace(intent, colours=colours)


def test_a_colour_is_ready_when_all_its_machines_have_told_so():
    action = decide(apart(of_own(STARTING), machines=2), PLAN)

    assert isinstance(action, Hold)
    assert "2 of 3 machines of green" in action.told
    assert decide(apart(of_own(STARTING)), PLAN).after.step == "smoke"


def test_a_canary_of_machines_has_their_share_of_the_machines():
    after = decide(apart(of_own(SMOKE)), PLAN).after

    assert after.colours["green"].admitted == ("green-0",)
    assert after.weight("green") == 25  # one of four
    two = decide(apart(of_own(SMOKE)), replace(PLAN, canary_machines=2)).after
    assert two.colours["green"].admitted == ("green-0", "green-1")
    assert two.weight("green") == 40


@pytest.mark.parametrize("intent", [STARTING, SMOKE, CANARY, HALF])
def test_nothing_goes_forward_while_the_outside_is_not_in_step(intent):
    """A rule that does not reach the new machines yet, a scale set that is too small."""
    passed = judged(Outcome.PASSED) if intent.step in {"canary", "half"} else None
    action = decide(
        Look(intent, {"m1": machine(intent)}, NOW_MS, 4.0, passed, ("The rule points at blue.",)), PLAN
    )

    assert isinstance(action, Hold)
    assert "The rule points at blue." in action.told


def test_an_outside_that_never_gets_there_takes_a_release_back():
    late = decide(apart(of_own(SMOKE), minutes=11, waiting=("The rule points at blue.",)), PLAN)

    assert late.failed
    assert late.after.weight("blue") == 100


def test_a_release_that_fails_goes_back_whatever_the_outside_does():
    action = decide(apart(HALF, judgement=judged(Outcome.FAILED), waiting=("Azure does not answer.",)), PLAN)

    assert action.failed


def test_a_release_is_over_when_the_outside_is():
    over = numbered(retired(WARM), 7)

    assert isinstance(decide(apart(over, waiting=("blue still has 3 machines.",)), PLAN), Hold)
    assert isinstance(decide(apart(over), PLAN), Done)


def test_a_machine_of_the_live_colour_that_azure_repairs_is_no_evidence():
    there = [alone(HALF, "green", "green-0"), alone(HALF, "blue", "blue-0", at_ms=NOW_MS - 90_000)]
    action = decide(Look(HALF, {one.machine: one for one in there}, NOW_MS, 4.0), PLAN)

    assert isinstance(action, Hold)
