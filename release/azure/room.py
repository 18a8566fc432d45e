"""Whether Azure has room for a second colour: asked before anything is begun, by `picklefleet release plan`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lifecycle.releases.release import Colour
from release.azure.arm import Arm
from release.azure.facts import FleetFacts
from release.azure.scale_sets import COMPUTE, ScaleSet

NETWORK = "2024-05-01"
MOST_IN_A_GROUP = 100  # machines of a scale set in one placement group
MOST_IN_A_POOL = 1000  # of a Standard balancer, both colours in `both`
_SIZE = re.compile(
    r"^standard_(?P<family>[a-z]+?)(?P<cpus>\d+)(?:-\d+)?(?P<more>[a-z]*)(?:_(?P<version>v\d+))?$"
)


@dataclass(frozen=True, slots=True)
class Usage:
    used: int
    limit: int

    @property
    def left(self) -> int:
        return self.limit - self.used


def obstacles(arm: Arm, facts: FleetFacts, colour: Colour, machines: int, idle: ScaleSet) -> Iterator[str]:
    """Whole sentences. Raises ArmError."""
    more = max(0, machines - idle.capacity)
    if machines > MOST_IN_A_GROUP:
        yield f"{machines} machines of {colour} are more than a scale set of one placement group has: {MOST_IN_A_GROUP}."
    if 2 * machines > MOST_IN_A_POOL:
        yield f"{2 * machines} machines of both colours are more than the balancer's pool takes: {MOST_IN_A_POOL}."
    yield from _of_cpus(_cpu_usages(arm, facts), idle.sku, more)
    yield from _of_addresses(arm, facts, more)


def cpus_of(sku: str) -> int:
    """As Azure's names of sizes tell: Standard_D2ads_v5 has 2. 0 for a name that tells nothing."""
    found = _SIZE.match(sku.lower())
    return int(found["cpus"]) if found else 0


def family_of(sku: str) -> str:
    """The name of the quota: standarddadsv5family."""
    found = _SIZE.match(sku.lower())
    return f"standard{found['family']}{found['more']}{found['version'] or ''}family" if found else ""


def _of_cpus(usages: dict[str, Usage], sku: str, more: int) -> Iterator[str]:
    needed = more * cpus_of(sku)
    for name, told in (("cores", "The region's quota"), (family_of(sku), f"The quota of {sku}")):
        usage = usages.get(name)
        if usage is not None and needed > usage.left:
            yield f"{told} leaves {usage.left} of {usage.limit} CPUs; {more} more machines need {needed}."


def _of_addresses(arm: Arm, facts: FleetFacts, more: int) -> Iterator[str]:
    network = facts.subnet_id.partition("/subnets/")[0]
    for one in arm.listed(f"{network}/usages", NETWORK):
        left = Usage(int(one["currentValue"]), int(one["limit"])).left
        if str(one["id"]).lower() == facts.subnet_id.lower() and more > left:
            yield f"The subnet has {left} addresses left; {more} more machines need {more}."


def _cpu_usages(arm: Arm, facts: FleetFacts) -> dict[str, Usage]:
    path = f"{facts.subscription}/providers/Microsoft.Compute/locations/{facts.location}/usages"
    return {
        str(one["name"]["value"]).lower(): Usage(int(one["currentValue"]), int(one["limit"]))
        for one in arm.listed(path, COMPUTE)
    }
