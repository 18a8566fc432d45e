"""The journal as Terraform reads it: each colour's machine image and size (terraform/modules/traffic_plan)."""

from collections.abc import Mapping
from typing import Any

from lifecycle.releases.intent import FleetIntent
from lifecycle.releases.machine_status import MachineStatus
from lifecycle.releases.release import COLOURS, Colour, Release


def assignments(
    intent: FleetIntent | None, machines: Mapping[str, MachineStatus], releases: Mapping[str, Release]
) -> dict[str, Any]:
    """`running` counts the machines that have told of themselves: a colour with any keeps its image. `releases`: by id,
    all that the journal ever named, so that what a machine says it runs is known as an image.
    """
    return {colour: _one(intent, colour, machines, releases) for colour in COLOURS}


def _one(
    intent: FleetIntent | None,
    colour: Colour,
    machines: Mapping[str, MachineStatus],
    releases: Mapping[str, Release],
) -> dict[str, Any]:
    release = None if intent is None else intent.release(colour)
    if intent is None or release is None:
        return {"image": "", "machines": 0, "running": 0, "live": False, "release": ""}
    own = [status for status in machines.values() if set(status.colours) == {colour}]
    wanted = intent.colours[colour].machines
    found = {
        "image": release.machine_image,
        "machines": len(own) if wanted is None else wanted,
        "running": len(own),
        "live": intent.weight(colour) > 0,
        "release": release.id,
    }
    others = sorted(_images(own, colour, releases) - {release.machine_image})
    return found | ({"running_image": others[0]} if others else {})


def _images(own: list[MachineStatus], colour: Colour, releases: Mapping[str, Release]) -> set[str]:
    told = {status.colours[colour].release for status in own}
    return {releases[known].machine_image for known in told if known in releases}
