"""Where a fleet's parts are on Azure, as Terraform tells it: `terraform output -json fleet` of its environment."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from lifecycle.releases.release import Colour, ReleaseError

Pool = Literal["blue", "green", "both"]
ARM = "https://management.azure.com"


@dataclass(frozen=True, slots=True)
class FleetFacts:
    """Ids are ARM's own paths (`/subscriptions/…`). `client_id` chooses the identity where a machine has several.

    `backend`: where the state of terraform/traffic lies, as `-backend-config` takes it.
    """

    location: str
    scale_set_ids: dict[Colour, str]
    autoscale_ids: dict[Colour, str]
    loadbalancer_id: str
    pool_ids: dict[Pool, str]
    probe_id: str
    subnet_id: str
    client_id: str
    backend: dict[str, str] = field(default_factory=dict)
    frontend_name: str = "clients"
    rule: str = "service"
    arm: str = ARM

    @property
    def subscription(self) -> str:
        return "/".join(self.loadbalancer_id.split("/")[:3])

    def pool_of(self, pool_id: str) -> Pool | None:
        """None for a pool that is none of this fleet's. ARM's ids differ in case between its answers."""
        named = (name for name, known in self.pool_ids.items() if known.lower() == pool_id.lower())
        return next(named, None)

    def traffic_variables(self) -> dict[str, Any]:
        """What terraform/traffic asks for, but the pool."""
        return {
            "loadbalancer_id": self.loadbalancer_id,
            "frontend_name": self.frontend_name,
            "pool_ids": self.pool_ids,
            "probe_id": self.probe_id,
        }


def read_facts(path: Path) -> FleetFacts:
    """Raises ReleaseError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=FleetFacts)
    except (OSError, msgspec.MsgspecError) as problem:
        raise ReleaseError(
            f"{path} does not tell where the fleet is: {problem}.",
            fix="Write it: terraform -chdir=terraform/environments/production output -json fleet",
        ) from problem
