"""What a release on Azure stands on: ARM with this machine's identity, the scale sets, the balancer, Terraform."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lifecycle import clock
from lifecycle.adapters.metadata_service import MetadataService
from lifecycle.claims import Claim
from lifecycle.releases.intent import FleetIntent
from lifecycle.releases.release import ReleaseError
from lifecycle.settings import Settings
from release.azure import room
from release.azure.arm import Arm
from release.azure.balancer import Balancer
from release.azure.facts import FleetFacts, read_facts
from release.azure.outside import Outside, Statuses
from release.azure.scale_sets import Fleet
from release.azure.terraform import Traffic
from release.azure.tokens import Tokens

METADATA = "http://169.254.169.254"


def open_outside(settings: Settings, statuses: Statuses) -> Outside | None:
    """None where colours share hosts."""
    if not settings.azure_fleet:
        return None
    facts = read_facts(Path(settings.azure_fleet))
    arm = arm_of(settings, facts)
    return Outside(Fleet(arm, facts), Balancer(arm, facts), statuses)


def arm_of(settings: Settings, facts: FleetFacts) -> Arm:
    service = MetadataService(settings.metadata_url or METADATA)
    tokens = Tokens(lambda: service.token(f"{facts.arm}/", facts.client_id), clock.unix_ms)
    return Arm(facts.arm, tokens.token, time.sleep)


def walking(settings: Settings, outside: Outside, claim: Claim, told: Callable[[str], object]) -> Outside:
    """The same, for a walker: whoever holds the claim moves the rule. `told` shows each of Terraform's plans."""
    facts, kept = outside.fleet.facts, settings.machine_dir / "walker"
    traffic = Traffic(settings.traffic_root.resolve(), kept.resolve(), facts, claim, told)
    return replace(outside, point=traffic.point)


def machines_wanted(outside: Outside | None, now: FleetIntent | None, asked: int | None) -> int | None:
    """As many as the live colour has, unless somebody asked for a number; the first release needs one."""
    if outside is None or asked is not None:
        return asked
    if now is None:
        raise ReleaseError(
            "The first release needs to know how many machines there shall be.",
            fix="Say --machines, as the environment's output `capacity` has it.",
        )
    return outside.fleet.look()[now.live].capacity


def obstacles(outside: Outside | None, now: FleetIntent | None, machines: int | None) -> tuple[str, ...]:
    """What Azure has no room for. Raises ArmError."""
    if outside is None or now is None or machines is None:
        return ()
    fleet, sets = outside.fleet, outside.fleet.look()
    idle = sets.get(now.idle) or replace(sets[now.live], capacity=0)  # Terraform makes it like the other one
    return tuple(room.obstacles(fleet.arm, fleet.facts, now.idle, machines, idle))


def move_rule(outside: Outside | None, to: FleetIntent) -> str:
    """By ARM, past Terraform: clients reach the colour that is gone back to. What was done, in a line."""
    if outside is None:
        raise ReleaseError(
            "Colours share hosts here: there is no balancer's rule to move.", fix="Leave --direct out."
        )
    now = outside.balancer.pool()
    if now in {to.live, "both"}:
        return f"The balancer's rule points at {now}: nothing to move."
    outside.balancer.move("both")
    return "The balancer's rule points at both; Terraform's state learns it at the next plan."
