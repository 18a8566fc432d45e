"""The fleet by its scale sets: how large each colour is, what its machines boot, how Azure finds their health."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lifecycle.releases.release import Colour
from release.azure.arm import Answer, Arm, NotThereError
from release.azure.facts import FleetFacts

COMPUTE = "2024-07-01"
INSIGHTS = "2022-10-01"


@dataclass(frozen=True, slots=True)
class Instance:
    """`computer`: its host name, which its agent's status begins with. `health`: healthy, unhealthy, initializing, ….

    `latest`: whether it boots what the scale set's model says now.
    """

    computer: str
    health: str
    latest: bool
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class ScaleSet:
    """`image` is the machine image of the model: what a repair or a scale-out boots. `failed`: Azure's own last word.
    `autoscaled`: whether autoscale acts; None where there is none.
    """

    capacity: int
    image: str
    sku: str
    failed: bool
    instances: tuple[Instance, ...]
    autoscaled: bool | None
    release: str = ""


@dataclass(frozen=True, slots=True)
class Fleet:
    arm: Arm
    facts: FleetFacts

    def look(self) -> dict[Colour, ScaleSet]:
        """Only the sets that exist: one that never had a release has none. Raises ArmError."""
        found = {colour: self._one(colour) for colour in self.facts.scale_set_ids}
        return {colour: one for colour, one in found.items() if one is not None}

    def resize(self, colour: Colour, machines: int) -> Answer:
        """Azure answers before the machines are there; the next looks see them come. Raises ArmError."""
        path = self.facts.scale_set_ids[colour]
        now = self.arm.get(path, COMPUTE)
        sku = now.document["sku"]
        if sku["capacity"] == machines:
            return now
        return self.arm.change("PATCH", path, COMPUTE, {"sku": sku | {"capacity": machines}}, etag=now.etag)

    def autoscale(self, colour: Colour, *, on: bool) -> None:
        """Only whether it acts: its bounds and rules are Terraform's. Raises ArmError."""
        path = self.facts.autoscale_ids[colour]
        setting = self.arm.get(path, INSIGHTS).document
        if setting["properties"]["enabled"] != on:
            properties = setting["properties"] | {"enabled": on}
            kept = {name: setting[name] for name in ("location", "tags") if name in setting}
            self.arm.change("PUT", path, INSIGHTS, kept | {"properties": properties})

    def _one(self, colour: Colour) -> ScaleSet | None:
        path = self.facts.scale_set_ids[colour]
        try:
            model = self.arm.get(path, COMPUTE).document
        except NotThereError:
            return None
        listed = self.arm.listed(f"{path}/virtualMachines", COMPUTE, **{"$expand": "instanceView"})
        return ScaleSet(
            int(model["sku"]["capacity"]),
            str(
                _inside(
                    model, "properties", "virtualMachineProfile", "storageProfile", "imageReference", "id"
                )
            ),
            str(model["sku"]["name"]),
            _inside(model, "properties", "provisioningState") == "Failed",
            tuple(_instances(listed)),
            self._is_autoscaled(colour),
            str(_inside(model, "tags", "picklefleet-release")),
        )

    def _is_autoscaled(self, colour: Colour) -> bool | None:
        try:
            setting = self.arm.get(self.facts.autoscale_ids[colour], INSIGHTS).document
        except NotThereError:
            return None
        return bool(setting["properties"]["enabled"])


def _instances(listed: Iterator[dict[str, Any]]) -> Iterator[Instance]:
    for one in listed:
        code = str(_inside(one, "properties", "instanceView", "vmHealth", "status", "code"))
        yield Instance(
            str(_inside(one, "properties", "osProfile", "computerName")).lower(),
            code.rpartition("/")[2].lower() or "unknown",
            bool(_inside(one, "properties", "latestModelApplied")),
            _inside(one, "properties", "provisioningState") == "Deleting",
        )


def _inside(document: Mapping[str, Any], *names: str) -> Any:
    """An empty text where the path ends early: Azure leaves out what it does not know yet."""
    found: Any = document
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return "" if found is None else found
