from dataclasses import replace

import pytest

from lifecycle.releases.intent import assigned, back, first, promoted, retired, shared, smoked
from lifecycle.releases.machine_status import ColourStatus, MachineStatus
from lifecycle.releases.release import FORMATS, Release
from release.azure.scale_sets import Instance, ScaleSet
from release.azure.steps import Autoscale, Point, Resize, Seen, acts, lacks, named, wanted_pool

OLD = Release("r1", "image-1", "sklearn-1.9", machine_image="1.4.0", formats=FORMATS)
NEW = Release("r2", "image-2", "sklearn-1.9", machine_image="1.5.0", formats=FORMATS)
STEADY = first(OLD)
STARTING = assigned(STEADY, NEW, "walk-1", machines=2)
SMOKE = smoked(STARTING)
HALF = shared(SMOKE, 50, "half")
WARM = promoted(HALF)
NOW = 1_800_000_000_000


def machines(colour, count, health="healthy"):
    return tuple(Instance(f"flights-{colour[0]}{n}", health, True) for n in range(count))


def sets(green=0, *, autoscaled=False, blue=2, **changes):
    made = ScaleSet(
        green, "/images/p/versions/1.5.0", "Standard_D2ads_v5", False, machines("green", green), False, NEW.id
    )
    return {
        "blue": ScaleSet(blue, "/images/p/versions/1.4.0", "Standard_D2ads_v5", False, machines("blue", 2), autoscaled, OLD.id),
        "green": replace(made, **changes),
    }  # fmt: skip


def seen(pool="blue", green=0, sessions=0, at_ms=NOW, **changes):
    status = {
        colour: MachineStatus(
            f"flights-{colour[0]}0-x", at_ms, 1, True, {}, sessions, {colour: ColourStatus()}
        )
        for colour in ("blue", "green")
    }
    return Seen(pool, sets(green, **changes), {one.machine: one for one in status.values()}, NOW)


def test_a_release_raises_the_idle_colour_and_pins_autoscale():
    assert list(acts(STARTING, seen(autoscaled=True))) == [Autoscale("blue", False), Resize("green", 2)]


def test_what_serves_is_never_resized():
    for intent in (STARTING, SMOKE, HALF, WARM, back(HALF), retired(WARM)):
        for pool in ("blue", "green", "both"):
            resized = [act for act in acts(intent, seen(pool, green=1)) if isinstance(act, Resize)]
            assert all(act.colour == intent.idle for act in resized)


def test_a_colour_that_would_boot_another_release_is_not_raised():
    other = seen(image="/images/p/versions/1.3.0")

    assert not any(isinstance(act, Resize) for act in acts(STARTING, other))
    assert "plan and apply the environment" in " ".join(lacks(STARTING, other))


def test_the_rule_reaches_both_before_the_first_client_is_let_in():
    assert list(acts(STARTING, seen(green=2))) == []
    assert list(acts(SMOKE, seen(green=2))) == [Point("both")]
    assert "points at blue, not yet at both" in " ".join(lacks(SMOKE, seen(green=2)))
    assert list(lacks(SMOKE, seen("both", green=2))) == []


def test_the_way_back_needs_no_control_plane_as_long_as_there_is_one():
    """Whatever the step, the rule reaches the colour that would be gone back to."""
    for intent in (SMOKE, HALF, WARM, back(HALF), back(WARM)):
        assert wanted_pool(intent, seen("both", green=2)) == "both"


def test_the_rule_leaves_a_colour_only_when_it_has_no_client():
    over = retired(WARM)

    assert list(acts(over, seen("both", green=2, sessions=3))) == [Autoscale("green", True)]
    assert "3 connections" in " ".join(lacks(over, seen("both", green=2, sessions=3)))
    assert Point("green") in acts(over, seen("both", green=2))


def test_a_silent_machine_is_not_waited_for():
    assert Point("green") in acts(retired(WARM), seen("both", green=2, sessions=3, at_ms=NOW - 60_000))


def test_machines_end_when_no_client_can_reach_them():
    over = retired(WARM)

    assert not any(isinstance(act, Resize) for act in acts(over, seen("both", green=2)))
    assert Resize("blue", 0) in acts(over, seen("green", green=2))
    assert Resize("blue", 0) not in acts(WARM, seen("green", green=2))


def test_a_rule_that_points_at_nobody_who_serves_is_mended():
    assert Point("both") in acts(STARTING, seen("green"))
    assert Point("blue") in acts(STEADY, seen("green"))


def test_a_balancer_without_a_rule_waits_for_a_person():
    assert not any(isinstance(act, Point) for act in acts(SMOKE, seen(None, green=2)))
    assert "apply terraform/traffic once" in " ".join(lacks(SMOKE, seen(None, green=2)))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"failed": True}, "could not make green as large"),
        ({"instances": machines("green", 1)}, "1 of 2 machines"),
        ({"instances": machines("green", 2, "unhealthy")}, "unhealthy"),
        ({"instances": tuple(replace(one, latest=False) for one in machines("green", 2))}, "own release"),
        ({"instances": tuple(replace(one, leaving=True) for one in machines("green", 2))}, "0 of 2"),
    ],
)
def test_what_a_colour_lacks_is_told(changes, told):
    assert told in " ".join(lacks(STARTING, seen(green=2, **changes)))


def test_only_machines_that_azure_has_count_and_of_each_the_newest_folder():
    def status(name, at_ms):
        return MachineStatus(name, at_ms, 1, True, {}, 0, {"blue": ColourStatus()})

    told = {
        name: status(name, at)
        for name, at in (("flights-b0-aa", 1), ("flights-b0-bb", 2), ("flights-b9-cc", 3))
    }

    assert set(named(sets(), told)) == {"flights-b0-bb"}


def test_nobody_is_let_in_where_the_balancer_does_not_probe():
    looked = seen("both", green=2)
    unseen = replace(
        looked, machines={name: replace(one, probed=False) for name, one in looked.machines.items()}
    )
    older = replace(
        looked, machines={name: replace(one, probed=None) for name, one in looked.machines.items()}
    )

    assert "does not probe flights-g0-x yet" in " ".join(lacks(SMOKE, unseen))
    assert list(lacks(STARTING, unseen)) == []  # the rule does not reach it yet, and need not
    assert list(lacks(SMOKE, older)) == []
