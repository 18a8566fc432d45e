"""A rollout as a person reads it, and as `--json` tells it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from release.judgements import as_document, evidence_lines
from release.rollout.decision import Action, Look
from release.rollout.looking import Seen
from release.rollout.plan import Plan
from release.rollout.record import Rollout
from release.series import Ended, Event


def status_lines(
    rollout: Rollout, events: Sequence[Event], seen: Seen | None, action: Action | None, ended: Ended | None
) -> Iterator[str]:
    """`seen` and `action`: of a look just now; None when it has ended."""
    yield (
        f"Rollout {rollout.number}: {rollout.challenger.version} takes over from {rollout.champion.version}, "
        f"by {rollout.by} since {rollout.started_at[:16].replace('T', ' ')} UTC"
    )
    yield from _steps(rollout, events, seen, ended)
    if seen is not None and seen.look.judgement is not None:
        yield ""
        yield from evidence_lines(seen.look.judgement)
    yield ""
    yield f"Ended: {ended.outcome}. {ended.told}" if ended else f"Next: {told_of(action)}"


def plan_lines(plan: Plan, rate: float | None) -> Iterator[str]:
    """What each step waits for, and how long that takes at the rate of late."""
    for step in plan.steps:
        minutes = None if not rate else step.min_requests / (rate * (step.share or 1.0))
        expected = (
            "" if minutes is None else f", about {max(minutes, step.min_minutes):,.0f} min at today's rate"
        )
        yield (
            f"  {step.title:<8} at least {step.min_requests:,} requests and {step.min_minutes} min{expected}; "
            f"judged by {', '.join(plan.signals_at(step))}"
        )
    yield f"  {'100 %':<8} promotion"


def told_of(action: Action | None) -> str:
    return "" if action is None else action.told or type(action).__name__.lower()


def status_document(
    rollout: Rollout, events: Sequence[Event], seen: Seen | None, action: Action | None, ended: Ended | None
) -> dict[str, Any]:
    return {
        "rollout": asdict(rollout) | {"signature": None},
        "ended": None if ended is None else asdict(ended),
        "events": [asdict(event) for event in events],
        "now": None if seen is None else _look_document(seen.look, action),
    }


def _look_document(look: Look, action: Action | None) -> dict[str, Any]:
    at_step = look.stage.kind == "step"
    return {
        "stage": look.stage.kind,
        "step": look.rollout.plan.steps[look.stage.index].title if at_step else None,
        "minutes": round(look.minutes, 1),
        "paused": bool(look.paused),
        "requests_a_minute": look.rate,
        "next": {"action": type(action).__name__.lower(), "told": told_of(action)},
        "evidence": None if look.judgement is None else as_document(look.judgement),
    }


def _steps(
    rollout: Rollout, events: Sequence[Event], seen: Seen | None, ended: Ended | None
) -> Iterator[str]:
    entered = [event.step for event in events if event.what == "entered"]
    current = seen.look.stage.index if seen is not None and seen.look.stage.kind == "step" else None
    last = current if current is not None else len(rollout.plan.steps)
    for index, step in enumerate(rollout.plan.steps):
        if index == current and seen is not None:
            requests = seen.look.judgement.requests if seen.look.judgement else 0
            state = f"▶ for {seen.look.minutes:.0f} min, {requests:,} of {step.min_requests:,} requests"
            state += ", paused" if seen.look.paused else ""
        elif step.title in entered:
            state = "✓"
        else:
            state = "skipped" if index < last and entered else "·"
        yield f"  {step.title:<8} {state}"
    yield f"  {'100 %':<8} {'✓ champion' if ended is not None and ended.outcome == 'promoted' else '·'}"
