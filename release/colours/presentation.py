"""A release as a person reads it, and as `--json` tells it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from lifecycle.releases.intent import FleetIntent
from lifecycle.releases.machine_status import MachineStatus
from lifecycle.releases.release import COLOURS
from release.colours.decision import FRESH_MS, Action, Change, Look
from release.colours.plan import WalkPlan, share_of
from release.judgements import as_document, evidence_lines

_STEPS = ("starting", "smoke", "canary", "half", "warm")


def status_lines(look: Look, action: Action) -> Iterator[str]:
    intent = look.intent
    yield f"Entry {intent.number} of the journal, {intent.made_at[:19].replace('T', ' ')} UTC by {intent.by}: {intent.reason}"
    for colour in COLOURS:
        release = intent.release(colour)
        live = "live" if colour == intent.live else ""
        yield f"  {colour:<7}{release.name if release else 'nothing':<20}{intent.weight(colour):>4} %  {live}".rstrip()
    yield ""
    yield from machine_lines(intent, look.machines, look.now_ms)
    yield from (f"  NOT IN STEP: {told}" for told in look.waiting)
    if intent.walking:
        yield ""
        yield "  ".join(_mark(step, intent.step) for step in _STEPS)
    if look.judgement is not None:
        yield ""
        yield from evidence_lines(look.judgement)
    yield ""
    yield f"Next: {told_of(action)}"


def machine_lines(intent: FleetIntent, machines: Mapping[str, MachineStatus], now_ms: int) -> Iterator[str]:
    """Each machine beside what the journal asks of it; a disagreement is said in its line."""
    if not machines:
        yield "  No machine has told its state."
    for name, status in sorted(machines.items()):
        ready = ", ".join(
            f"{c} {'ready' if seen.ready else 'not ready'}" for c, seen in sorted(status.colours.items())
        )
        shares = "/".join(str(status.weights.get(colour, 0)) for colour in COLOURS)
        admitted = "admitted" if status.admitted else "not admitted"
        problems = "; ".join(disagreements(intent, status, now_ms))
        yield f"  {name:<28}{admitted:<14}{shares:<9}{status.sessions:>6} connections  {ready}  {problems}".rstrip()


def disagreements(intent: FleetIntent, status: MachineStatus, now_ms: int) -> Iterator[str]:
    """Between the journal and a machine."""
    if now_ms - status.at_ms > FRESH_MS:
        yield f"SILENT for {(now_ms - status.at_ms) / 1000:.0f} s"
        return
    if status.applied < intent.number:
        yield f"still at entry {status.applied}"
    if len(status.colours) == len(COLOURS):
        wanted = {colour: intent.weight(colour) for colour in COLOURS}
        if status.applied == intent.number and {c: status.weights.get(c, 0) for c in COLOURS} != wanted:
            yield "DISAGREES: its weights are not the journal's"
    for colour, seen in sorted(status.colours.items()):
        release = intent.release(colour)
        if release is not None and seen.ready and seen.release != release.id:
            yield f"{colour} runs {seen.release or 'an unnamed release'}, not {release.name}"


def plan_lines(
    intent: FleetIntent | None, plan: WalkPlan, obstacles: list[str], machines: int | None = None
) -> Iterator[str]:
    """`machines`: how many the live colour has, where colours have machines of their own."""
    if intent is None:
        yield "The first release: there is nothing to compare with, so it gets all clients when its machines are ready."
    else:
        yield f"{intent.live} is live; the release would go to {intent.idle}:"
        yield f"  start and become ready   within {plan.ready_minutes:g} min, no client"
        yield f"  golden rows              within {plan.smoke_minutes:g} min, no client"
        canary = plan.canary_percent if machines is None else share_of(plan.canary_machines, machines)
        if machines is not None:
            yield f"  {machines} machines of {intent.idle} are raised; {plan.canary_machines} of them go first"
        for name, share in (("canary", canary), ("half", 50)):
            yield (
                f"  {name:<24} {share} % of the clients, at least {plan.min_minutes:g} min and "
                f"{plan.min_requests:,} requests; judged by errors, latency, score"
            )
        yield f"  all clients              {intent.live} is kept warm for {plan.warm_minutes:g} min"
    for obstacle in obstacles:
        yield f"OBSTACLE: {obstacle}"


def status_document(look: Look, action: Action) -> dict[str, Any]:
    return {
        "intent": asdict(look.intent) | {"signature": None},
        "machines": {name: asdict(status) for name, status in look.machines.items()},
        "disagreements": {
            name: found
            for name, status in look.machines.items()
            if (found := list(disagreements(look.intent, status, look.now_ms)))
        },
        "not_in_step": list(look.waiting),
        "minutes": round(look.minutes, 1),
        "evidence": None if look.judgement is None else as_document(look.judgement),
        "next": {"action": type(action).__name__.lower(), "told": told_of(action)},
    }


def told_of(action: Action) -> str:
    return f"{action.told} Then: {action.after.step}." if isinstance(action, Change) else action.told


def _mark(step: str, current: str) -> str:
    before = current in _STEPS and _STEPS.index(step) < _STEPS.index(current)
    return f"{'✓' if before else '▶' if step == current else '·'} {step}"
