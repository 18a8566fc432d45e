"""How Terraform is driven, with a program in its place that does what the test says."""

import threading
from datetime import timedelta

import pytest

from lifecycle import clock
from lifecycle.claims import take
from release.azure.facts import FleetFacts
from release.azure.state_lock import LockNote, myself
from release.azure.terraform import Traffic, TrafficError, TrafficRefusedError
from tests.fake_arm import POOLS, facts
from tests.simulated_store import SimulatedArea

# It notes each command; what it answers lies beside it, by the command's name: text, and a line `exit N`.
PROGRAM = """#!/bin/sh
here="$(dirname "$0")"
shift
echo "$*" >> "$here/asked"
case $1 in show) [ "$2" = -json ] && set -- show-json ;; esac
[ -f "$here/slow-$1" ] && sleep "$(cat "$here/slow-$1")"
[ -f "$here/locked" ] && [ "$1" = plan ] && cat "$here/locked" >&2 && exit 1
[ "$1" = force-unlock ] && rm -f "$here/locked"
[ -f "$here/$1" ] && cat "$here/$1"
exit 0
"""
SAME = '{"resource_changes": [{"address": "azurerm_lb_rule.service", "change": {"actions": ["no-op"]}}]}'
REPLACED = SAME.replace('["no-op"]', '["delete", "create"]')
MOVED = """{"resource_changes": [{"address": "azurerm_lb_rule.service", "change": {"actions": ["update"],
 "before": {"backend_address_pool_ids": ["x"]}, "after": {"backend_address_pool_ids": ["%s"]}}}]}"""
LOCK = """Error: Error acquiring the state lock
Lock Info:
  ID:        the-lock
  Who:       {who}
  Created:   {created} +0000 UTC
"""


@pytest.fixture
def place(tmp_path):
    program = tmp_path / "terraform"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    (tmp_path / "show-json").write_text(MOVED % POOLS["both"])
    (tmp_path / "show").write_text("The plan, for people.")
    return tmp_path


@pytest.fixture
def control():
    return SimulatedArea(clock.now)


def traffic(place, control, told=lambda _text: None, **more):
    claim = take(control, "claims/change", 600, holder="tester")
    found = FleetFacts(**facts("http://arm", {"key": "state"}))
    return Traffic(
        place / "traffic", place / "kept", found, claim, told, program=str(place / "terraform"), **more
    )


def asked(place):
    return [line.split()[0] for line in (place / "asked").read_text().splitlines()]


def test_a_plan_is_saved_shown_looked_at_and_that_very_plan_applied(place, control):
    shown = []
    traffic(place, control, shown.append).point("both")

    assert asked(place) == ["init", "plan", "show", "show", "apply"]
    assert shown == ["The plan, for people."]
    lines = (place / "asked").read_text().splitlines()
    assert "-backend-config=key=state" in lines[0]
    assert lines[1].endswith(f"-out={place}/kept/traffic.plan")
    assert lines[4].endswith(f"{place}/kept/traffic.plan")


def test_a_plan_that_changes_nothing_is_not_applied(place, control):
    (place / "show-json").write_text(SAME)
    traffic(place, control).point("both")

    assert "apply" not in asked(place)


def test_a_plan_that_does_something_else_is_shown_and_not_applied(place, control):
    (place / "show-json").write_text(REPLACED)
    shown = []
    with pytest.raises(TrafficRefusedError, match="delete and create"):
        traffic(place, control, shown.append).point("both")

    assert shown
    assert "apply" not in asked(place)


def locked_by(place, who, moment):
    (place / "locked").write_text(LOCK.format(who=who, created=moment.isoformat(" ").removesuffix("+00:00")))


def test_a_lock_of_a_dead_walker_is_broken_once(place, control):
    dead = take(control, "claims/change", 600, holder="tester")
    locked = clock.now() - timedelta(
        seconds=1
    )  # notes are to the millisecond, and the next walker's must be later
    note = LockNote(dead.number, myself(), clock.timestamp(locked))
    control.create(f"{dead.folder}/traffic-1.json", note.to_bytes())
    locked_by(place, myself(), locked)
    traffic(place, control).point("both")

    assert asked(place) == ["init", "plan", "force-unlock", "plan", "show", "show", "apply"]


def test_a_persons_lock_stays(place, control):
    locked_by(place, "somebody@laptop", clock.now())
    with pytest.raises(TrafficError, match="somebody@laptop holds the state"):
        traffic(place, control).point("both")

    assert "force-unlock" not in asked(place)


def test_a_lock_without_a_name_is_a_persons_matter(place, control):
    (place / "locked").write_text("Error: Error acquiring the state lock\nblob metadata was empty\n")
    with pytest.raises(TrafficError, match="does not say whose it is"):
        traffic(place, control).point("both")

    assert "force-unlock" not in asked(place)


def test_a_terraform_that_outlives_its_walker_is_waited_for(place, control):
    """It inherits the lock of the folder: whoever comes next sees that it is still at it."""
    (place / "slow-apply").write_text("1.5")
    first = threading.Thread(target=traffic(place, control).point, args=("both",))
    first.start()
    while not (place / "asked").exists() or "apply" not in asked(place):
        pass
    with pytest.raises(TrafficError, match="still runs on this machine"):
        traffic(place, control).point("both")
    first.join()


def test_one_that_takes_too_long_is_ended_and_the_claim_is_kept_alive_meanwhile(place, control):
    (place / "slow-plan").write_text("30")
    slow = traffic(place, control, longest_s=0.5, beats_every_s=0.2)
    with pytest.raises(TrafficError, match="took longer than"):
        slow.point("both")

    assert any("/beat-" in key for key in control.list("claims/change"))


def test_a_terraform_that_is_not_there_is_told(place, control):
    (place / "terraform").unlink()
    with pytest.raises(TrafficError, match="can't be started"):
        traffic(place, control).point("both")
