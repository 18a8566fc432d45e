"""Where a release is, read from the journal, and what comes next. Pure: a killed walker's successor decides alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lifecycle.gate.judge import Judgement
from lifecycle.releases.intent import FleetIntent, back, promoted, retired, shared, smoked
from lifecycle.releases.machine_status import MachineStatus
from lifecycle.verdict import Outcome
from release.colours.plan import WalkPlan, share_of

FRESH_MS = 30_000
_MINUTE_MS = 60_000
_BEGINS_MS = 45_000  # of a minute: the next one is the first that is compared, and comes at once
SKEW_MS = 60_000
LEAK = 2.0  # times what the live colour's processes hold, and half a gigabyte more
LEAK_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Change:
    """Write `after` to the journal. `failed` says that it is a way back, for which the walk ends badly."""

    after: FleetIntent
    told: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    told: str


@dataclass(frozen=True, slots=True)
class Done:
    told: str


Action = Change | Hold | Done


@dataclass(frozen=True, slots=True)
class Look:
    """`machines`: the newest status of every machine that shall take part. `minutes`: since the step began.

    `waiting`: what outside of journal and machines (scale sets, a balancer) is not yet as the step needs it.
    """

    intent: FleetIntent
    machines: Mapping[str, MachineStatus]
    now_ms: int
    minutes: float
    judgement: Judgement | None = None
    waiting: tuple[str, ...] = ()


def decide(look: Look, plan: WalkPlan) -> Action:
    intent = look.intent
    if not intent.walking:
        return _after_the_walk(look, plan)
    if not look.machines:
        return Hold(" ".join(("No machine has told its state yet: their agents speak often.", *look.waiting)))
    sick = next(_sick(look), None)
    if sick is not None and intent.step != "starting":
        return _back(look, sick)
    if intent.step == "starting":
        return _starting(look, plan)
    if intent.step == "smoke":
        return _smoke(look, plan)
    return _gated(look, plan)


def not_ready(intent: FleetIntent, machines: Mapping[str, MachineStatus], now_ms: int) -> list[str]:
    """The machines on which the idle colour can't take clients now, or that have fallen silent; all when none told."""
    seen = Look(intent, machines, now_ms, 0.0)
    found = [
        name
        for name, status in sorted(machines.items())
        if _takes_part(seen, status) and (now_ms - status.at_ms > FRESH_MS or not _is_ready(seen, status))
    ]
    return found if machines else ["any machine"]


def _starting(look: Look, plan: WalkPlan) -> Action:
    waiting = list(_unready(look))
    if not waiting:
        return Change(smoked(look.intent), f"{look.intent.idle} is ready on every machine.")
    if look.minutes <= plan.ready_minutes:
        return Hold(" ".join(waiting))
    return _back(look, f"Not within {plan.ready_minutes:g} minutes: " + " ".join(waiting))


def _unready(look: Look) -> Iterator[str]:
    colour, wanted = look.intent.idle, look.intent.colours[look.intent.idle].machines
    own = [status for status in look.machines.values() if set(status.colours) == {colour}]
    if wanted is not None and len(own) < wanted:
        yield f"{len(own)} of {wanted} machines of {colour} have told their state."
    waiting = sorted(name for name, status in look.machines.items() if not _is_ready(look, status))
    if waiting:
        yield f"{colour} is not ready yet on {_named(waiting)}."
    yield from look.waiting


def _smoke(look: Look, plan: WalkPlan) -> Action:
    for name, status in sorted(look.machines.items()):
        seen = status.colours.get(look.intent.idle)
        if seen is not None and seen.smoke == look.intent.walk and seen.wrong:
            return _back(look, f"{name}: {seen.wrong}")
    waiting = sorted(name for name, status in look.machines.items() if not _is_smoked(look, status))
    if not waiting and look.waiting:
        return _held_up(look, plan.ready_minutes)
    if not waiting and not _is_about_to_end(look):
        return Hold("The canary begins with the next minute: whole minutes are compared.")
    if not waiting:
        return Change(_canary(look, plan), "Every machine's golden rows were answered as at registration.")
    if look.minutes <= plan.smoke_minutes:
        return Hold(f"Golden rows are being asked on {_named(waiting)}.")
    return _back(
        look, f"Golden rows were not asked within {plan.smoke_minutes:g} minutes on {_named(waiting)}."
    )


def _gated(look: Look, plan: WalkPlan) -> Action:
    judged = look.judgement
    if judged is not None and judged.verdict.outcome in {Outcome.FAILED, Outcome.ERROR}:
        return _back(look, " ".join(judged.verdict.reasons))
    if judged is None or look.minutes < plan.min_minutes:
        return Hold(f"This step lasts at least {plan.min_minutes:g} minutes; {look.minutes:.1f} are over.")
    if judged.verdict.outcome is Outcome.PASSED:
        if look.waiting:
            return _held_up(look, plan.max_minutes)
        if look.intent.step == "canary" and not _is_about_to_end(look):
            return Hold("The canary passed; the half begins with the next minute.")
        if look.intent.step == "canary":
            return Change(shared(look.intent, 50, "half"), "The canary passed.")
        return Change(promoted(look.intent), "Every step has passed.")
    late = (
        f" It was to end within {plan.max_minutes:g} minutes: a person decides (picklefleet release promote, or rollback)."
        if look.minutes > plan.max_minutes
        else ""
    )
    return Hold(" ".join(judged.verdict.reasons) + late)


def _is_about_to_end(look: Look) -> bool:
    """The minute. What begins in its midst is not compared until the next one, and may fail meanwhile."""
    return look.now_ms % _MINUTE_MS >= _BEGINS_MS


def _after_the_walk(look: Look, plan: WalkPlan) -> Action:
    intent = look.intent
    if intent.release(intent.idle) is None:
        if look.waiting:
            return Hold(" ".join(look.waiting))
        return Done(f"{intent.live} has all clients.")
    if intent.step == "back":
        return Change(retired(intent), f"{intent.idle} has no client any more.")
    if intent.step == "warm" and look.minutes >= plan.warm_minutes:
        return Change(retired(intent), f"{intent.idle} was kept warm for {plan.warm_minutes:g} minutes.")
    return Hold(f"{intent.idle} is kept warm: picklefleet release rollback goes back to it at once.")


def _held_up(look: Look, within_minutes: float) -> Action:
    told = " ".join(look.waiting)
    return Hold(told) if look.minutes <= within_minutes else _back(look, told)


def _back(look: Look, told: str) -> Change:
    return Change(back(look.intent), told, failed=True)


def _sick(look: Look) -> Iterator[str]:
    """What no measurement tells: machines that fall silent, lose the new processes, leak, or have a wrong clock."""
    taking_part = [(name, status) for name, status in look.machines.items() if _takes_part(look, status)]
    for name, status in sorted(taking_part):
        age = look.now_ms - status.at_ms
        if age < -SKEW_MS:
            yield f"The clock of {name} is {-age / 1000:.0f} s ahead."
        elif age > FRESH_MS:
            yield f"{name} has said nothing for {age / 1000:.0f} s."
        elif not _is_ready(look, status):
            yield f"{look.intent.idle} is not ready any more on {name}."
        elif _leaks(look, status):
            yield f"The processes of {look.intent.idle} on {name} hold more than twice the memory of {look.intent.live}'s."


def _takes_part(look: Look, status: MachineStatus) -> bool:
    """Where colours have machines of their own, one of the live colour is no evidence about the release."""
    return set(status.colours) != {look.intent.live}


def _is_ready(look: Look, status: MachineStatus) -> bool:
    """A machine of the other colour alone has nothing to become ready."""
    seen, release = status.colours.get(look.intent.idle), look.intent.release(look.intent.idle)
    if seen is None:
        return look.intent.idle not in status.colours
    return release is not None and seen.ready and seen.release == release.id


def _is_smoked(look: Look, status: MachineStatus) -> bool:
    seen = status.colours.get(look.intent.idle)
    return seen is None or seen.smoke == look.intent.walk


def _leaks(look: Look, status: MachineStatus) -> bool:
    idle, live = status.colours.get(look.intent.idle), status.colours.get(look.intent.live)
    if idle is None or live is None or not live.memory_bytes:
        return False
    return idle.memory_bytes > LEAK * live.memory_bytes + LEAK_BYTES


def _canary(look: Look, plan: WalkPlan) -> FleetIntent:
    """Everywhere by weight; where colours have machines of their own, the first `canary_machines` are the canary, and
    their share is their share of the machines.
    """
    own = sorted(name for name, status in look.machines.items() if set(status.colours) == {look.intent.idle})
    if not own:
        return shared(look.intent, plan.canary_percent, "canary", admitted=None)
    live = sum(set(status.colours) == {look.intent.live} for status in look.machines.values())
    admitted = tuple(own[: plan.canary_machines])
    return shared(look.intent, share_of(len(admitted), live), "canary", admitted=admitted)


def _named(machines: list[str]) -> str:
    shown = ", ".join(machines[:3])
    return shown if len(machines) <= 3 else f"{shown} and {len(machines) - 3} more"
