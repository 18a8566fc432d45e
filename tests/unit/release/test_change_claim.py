"""One change of traffic at a time, whoever makes it; what a killed walker left is taken over."""

import json

import pytest

from lifecycle.claims import ClaimHeldError, take
from lifecycle.machine import MachineDirectory
from release.change_claim import CHANGE, SILENT, change_claimed


@pytest.fixture
def machine(settings):
    return MachineDirectory(settings.machine_dir)


def test_a_second_walker_of_this_machine_is_refused(registry, machine):
    with (
        change_claimed(registry.control, machine, "here"),
        pytest.raises(ClaimHeldError, match="on this machine"),
        change_claimed(registry.control, machine, "here"),
    ):
        pass


def test_a_walker_of_another_machine_is_refused(registry, machine, tmp_path):
    elsewhere = MachineDirectory(tmp_path / "elsewhere")
    with (
        change_claimed(registry.control, machine, "here"),
        pytest.raises(ClaimHeldError, match="Somebody else"),
        change_claimed(registry.control, elsewhere, "elsewhere"),
    ):
        pass


def test_what_a_killed_walker_of_this_machine_left_is_taken_over_at_once(registry, machine):
    take(registry.control, CHANGE, 3600, holder="here", silent=SILENT)

    with change_claimed(registry.control, machine, "here") as claim:
        assert claim.number == 2


def test_it_is_given_back_when_the_walk_ends(registry, machine, tmp_path):
    with change_claimed(registry.control, machine, "here"):
        pass

    with change_claimed(registry.control, MachineDirectory(tmp_path / "elsewhere"), "elsewhere") as claim:
        claim.heartbeat()


def test_others_take_over_after_a_silence_not_after_a_week(registry, machine):
    with change_claimed(registry.control, machine, "here") as claim:
        document = json.loads(registry.control.get(f"{claim.folder}/claim.json"))

    assert document["silent_s"] == SILENT.total_seconds()
