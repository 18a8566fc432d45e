from dataclasses import replace

from lifecycle.releases.intent import assigned, first
from lifecycle.releases.machine_status import ColourStatus, MachineStatus
from release.colours.assignments import assignments
from tests.release_builders import NEW, OLD

BLUE = replace(OLD, machine_image="1.4.0")
GREEN = replace(NEW, machine_image="1.5.0")
NOW = assigned(first(BLUE, machines=3), GREEN, "walk", machines=3)
RELEASES = {one.id: one for one in (BLUE, GREEN)}


def machine(name, colour, release):
    return MachineStatus(name, 1, 1, True, {}, 0, {colour: ColourStatus(release)})


def test_each_colour_has_its_releases_image_and_its_number_of_machines():
    told = {"b1": machine("b1", "blue", BLUE.id)}
    found = assignments(NOW, told, RELEASES)

    assert found["blue"] == {"image": "1.4.0", "machines": 3, "running": 1, "live": True, "release": BLUE.id}
    assert found["green"] == {
        "image": "1.5.0",
        "machines": 3,
        "running": 0,
        "live": False,
        "release": GREEN.id,
    }


def test_machines_that_run_something_else_are_told_by_its_image():
    """Terraform then refuses to change the colour's model under them."""
    told = {"g1": machine("g1", "green", BLUE.id), "g2": machine("g2", "green", "unheard of")}

    assert assignments(NOW, told, RELEASES)["green"]["running_image"] == "1.4.0"


def test_without_a_release_there_is_nothing_to_boot():
    assert assignments(None, {}, {})["blue"]["image"] == ""
