"""What Azure must do for an entry of the release journal, and what is still missing. Pure: looked at anew each time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lifecycle.releases.intent import FleetIntent
from lifecycle.releases.machine_status import MachineStatus
from lifecycle.releases.release import COLOURS, Colour
from release.azure.facts import Pool
from release.azure.scale_sets import ScaleSet

FRESH_MS = 30_000
_SHARED = ("smoke", "canary", "half", "warm")


@dataclass(frozen=True, slots=True)
class Seen:
    """`machines`: the newest status of every machine that Azure has, by its agent's name."""

    pool: Pool | None
    sets: Mapping[Colour, ScaleSet]
    machines: Mapping[str, MachineStatus]
    now_ms: int


@dataclass(frozen=True, slots=True)
class Resize:
    colour: Colour
    machines: int


@dataclass(frozen=True, slots=True)
class Autoscale:
    colour: Colour
    on: bool


@dataclass(frozen=True, slots=True)
class Point:
    pool: Pool


Act = Resize | Autoscale | Point


def acts(intent: FleetIntent, seen: Seen) -> Iterator[Act]:
    """In this order. Only the idle colour is ever resized: what serves is autoscale's, or nobody's during a walk."""
    for colour in sorted(seen.sets):
        on = colour == intent.live and not intent.walking
        if seen.sets[colour].autoscaled not in {on, None}:
            yield Autoscale(colour, on)
    idle, wanted = seen.sets.get(intent.idle), intent.colours[intent.idle].machines
    if (
        intent.walking
        and idle is not None
        and wanted is not None
        and idle.capacity < wanted
        and boots(intent, idle)
    ):
        yield Resize(intent.idle, wanted)
    pool = wanted_pool(intent, seen)
    if pool != seen.pool:
        if seen.pool is not None:
            yield Point(pool)
    elif _may_end(intent, idle, pool):
        yield Resize(intent.idle, 0)


def _may_end(intent: FleetIntent, idle: ScaleSet | None, pool: Pool) -> bool:
    """Machines end when nothing is to go back to and no client can reach them any more."""
    return bool(idle and idle.capacity) and intent.release(intent.idle) is None and pool == intent.live


def wanted_pool(intent: FleetIntent, seen: Seen) -> Pool:
    """`both` as long as there is something to go back to, so that the way back is admission alone.

    The rule leaves a colour only when it has no client: a balancer may reset what is moved away from it.
    """
    if intent.step in _SHARED:
        return "both"
    if intent.release(intent.idle) is None and not _clients(intent.idle, seen):
        return intent.live
    return intent.live if seen.pool == intent.live else "both"


def lacks(intent: FleetIntent, seen: Seen) -> Iterator[str]:
    """Whole sentences; nothing where Azure is as the entry needs it."""
    if seen.pool is None:
        yield "The balancer has no rule of this fleet: apply terraform/traffic once (terraform/README.md)."
    elif seen.pool != wanted_pool(intent, seen):
        yield f"The balancer's rule points at {seen.pool}, not yet at {wanted_pool(intent, seen)}."
    if intent.walking:
        yield from _of_the_idle(intent, seen)
        yield from _unprobed(intent, seen)
    elif intent.release(intent.idle) is None:
        yield from _of_what_ends(intent, seen)


def boots(intent: FleetIntent, idle: ScaleSet) -> bool:
    """Whether the colour's machines would be those of the release that the journal assigned."""
    release = intent.release(intent.idle)
    if release is None or release.id != idle.release:
        return False
    image = (
        release.machine_image.lower()
    )  # an id, or its version alone; ARM's ids differ in case between its answers
    return idle.image.lower() == image or idle.image.lower().endswith(f"/versions/{image}")


def _of_the_idle(intent: FleetIntent, seen: Seen) -> Iterator[str]:
    colour, idle = intent.idle, seen.sets.get(intent.idle)
    release, wanted = intent.release(colour), intent.colours[colour].machines or 0
    if idle is None or release is None:
        yield f"There is no scale set {colour}: plan and apply the environment (make plan, make apply)."
        return
    if not boots(intent, idle):
        yield (
            f"{colour}'s scale set boots {idle.release or 'no release'}, not {release.id}: plan and apply the "
            "environment, which takes it from the journal (make plan, make apply)."
        )
        return
    if idle.failed:
        yield f"Azure could not make {colour} as large as asked: see the scale set's activity log (quota, zones)."
    there = [one for one in idle.instances if not one.leaving]
    if len(there) < wanted:
        yield f"{colour} has {len(there)} of {wanted} machines."
    old = [one.computer for one in there if not one.latest]
    if old:
        yield f"{', '.join(old)} did not boot {colour}'s own release."
    sick = [one.computer for one in there if one.health == "unhealthy"]
    if sick:
        yield f"Azure finds {', '.join(sick)} unhealthy."


def _unprobed(intent: FleetIntent, seen: Seen) -> Iterator[str]:
    """A rule reaches a machine when the balancer asks for its readiness, not when it says that it would."""
    mine = (status for status in seen.machines.values() if set(status.colours) == {intent.idle})
    silent = sorted(status.machine for status in mine if status.probed is False)
    if silent and intent.step != "starting":
        yield f"The balancer does not probe {', '.join(silent)} yet."


def _of_what_ends(intent: FleetIntent, seen: Seen) -> Iterator[str]:
    idle = seen.sets.get(intent.idle)
    clients = _clients(intent.idle, seen)
    if clients:
        yield f"{intent.idle} still has {clients} connections."
    elif idle is not None and idle.capacity:
        yield f"{intent.idle} still has {idle.capacity} machines."


def _clients(colour: Colour, seen: Seen) -> int:
    """Of a colour's machines that speak; one that is silent has none that could be waited for."""
    mine = (status for status in seen.machines.values() if set(status.colours) == {colour})
    return sum(status.sessions for status in mine if seen.now_ms - status.at_ms <= FRESH_MS)


def named(sets: Mapping[Colour, ScaleSet], statuses: Mapping[str, MachineStatus]) -> dict[str, MachineStatus]:
    """The statuses of machines that Azure has: of each computer its newest folder's, none of machines that are gone."""
    computers = {one.computer for colour in COLOURS if colour in sets for one in sets[colour].instances}
    newest: dict[str, MachineStatus] = {}
    for status in sorted(statuses.values(), key=lambda one: one.at_ms):
        computer = status.machine.rpartition("-")[0].lower()
        if computer in computers:
            newest[computer] = status
    return {status.machine: status for status in newest.values()}
