"""One look: the policy tells where the rollout is and since when, the measurements how it fares."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from lifecycle.errors import PicklefleetError
from lifecycle.gate.blocks import Blocks
from lifecycle.measurements.fleet import Fleet, minute_of
from lifecycle.policy import TrafficPolicy
from lifecycle.policy_journal import PolicyJournal
from release.rollout.decision import Look, share_of, stage_of
from release.rollout.evidence import RATE_MINUTES, evidence_of, judge_step, rate_of
from release.rollout.record import Rollout, Rollouts


@dataclass(frozen=True, slots=True)
class Seen:
    """A look, and the policy that it was read from. `since`: when the step began."""

    look: Look
    policy: TrafficPolicy
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The challenger's share from a moment on; None: it had no part."""

    share: float | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Sources:
    """What a look reads. `fleet`: measurements from a minute on; `labels`: what became of the answers since then, as
    blocks whose hits are wrong ones, asked only where the plan says so.
    """

    rollouts: Rollouts
    journal: PolicyJournal
    fleet: Callable[[int], Fleet]
    labels: Callable[[Rollout, datetime], Blocks] = lambda _rollout, _since: ()


def look(rollout: Rollout, sources: Sources, now: datetime) -> Seen:
    policy = sources.journal.newest()
    if policy is None:
        raise PicklefleetError(
            "There is no policy any more.", fix="Promote a version: picklefleet promote v1"
        )
    stretches = _stretches(rollout, policy, sources.journal)
    begun = any(one.share is not None for one in stretches)
    stage = stage_of(rollout, policy, begun=begun)
    fleet = sources.fleet(_first_minute(stretches, now))
    paused = sources.rollouts.paused(rollout)
    told = f"Paused by {paused.by}. {paused.told}".strip() if paused else ""
    found = Look(rollout, stage, paused=told, rate=rate_of(fleet, now), policy_reason=policy.reason)
    if stage.kind != "step":
        return Seen(found, policy)
    step = rollout.plan.steps[stage.index]
    alike = [one.since for one in stretches if one.share is not None and bool(one.share) == bool(step.share)]
    labels = sources.labels(rollout, alike[0]) if "labels" in rollout.plan.signals_at(step) else ()
    judgement = judge_step(rollout, step, evidence_of(rollout, step, fleet, alike, now, labels))
    minutes = (now - alike[-1]).total_seconds() / 60
    return Seen(replace(found, minutes=minutes, judgement=judgement), policy, alike[-1])


def _stretches(rollout: Rollout, policy: TrafficPolicy, journal: PolicyJournal) -> list[_Stretch]:
    """What the policy gave the challenger since the rollout's start, one after the other."""
    found: list[_Stretch] = []
    for number in range(max(rollout.base, 0) + 1, policy.number + 1):
        entry = policy if number == policy.number else journal.entry(number)
        share = 1.0 if entry.champion == rollout.challenger else share_of(rollout, entry)
        if not found or share != found[-1].share:
            found.append(_Stretch(share, datetime.fromisoformat(entry.made_at)))
    return found


def _first_minute(stretches: list[_Stretch], now: datetime) -> int:
    recent = minute_of(now) - RATE_MINUTES - 2
    return min([recent, *(minute_of(one.since) for one in stretches[:1])])
