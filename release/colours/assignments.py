"""The journal as Terraform reads it: each colour's machine image and size (terraform/modules/traffic_plan)."""

from collections.abc import Mapping
from typing import Any

from lifecycle.releases.intent import FleetIntent
from lifecycle.releases.machine_status import MachineStatus
from lifecycle.releases.release import COLOURS


def assignments(intent: FleetIntent | None, machines: Mapping[str, MachineStatus]) -> dict[str, Any]:
    """`running` counts the machines that have told of themselves: a colour with any keeps its image."""
    return {colour: _one(intent, colour, machines) for colour in COLOURS}


def _one(intent: FleetIntent | None, colour: Any, machines: Mapping[str, MachineStatus]) -> dict[str, Any]:
    release = None if intent is None else intent.release(colour)
    if intent is None or release is None:
        return {"image": "", "machines": 0, "running": 0, "live": False, "release": ""}
    own = [status for status in machines.values() if set(status.colours) == {colour}]
    wanted = intent.colours[colour].machines
    return {
        "image": release.machine_image,
        "machines": len(own) if wanted is None else wanted,
        "running": len(own),
        "live": intent.weight(colour) > 0,
        "release": release.id,
    }
