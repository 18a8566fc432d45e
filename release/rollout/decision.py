"""Where a rollout is, read from the policy alone, and what comes next. Pure: a killed walker's successor decides alike."""

from dataclasses import dataclass
from typing import Literal

from lifecycle.gate.judge import Judgement
from lifecycle.policy import TrafficPolicy
from lifecycle.verdict import Outcome
from release.rollout.plan import Plan, Step
from release.rollout.record import Rollout

_SAME_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class Stage:
    """`index` of the plan's step, where it is at one."""

    kind: Literal["before", "step", "promoted", "gone", "foreign"]
    index: int = -1


@dataclass(frozen=True, slots=True)
class Enter:
    index: int
    told: str = ""


@dataclass(frozen=True, slots=True)
class Promote:
    told: str


@dataclass(frozen=True, slots=True)
class Back:
    told: str


@dataclass(frozen=True, slots=True)
class Hold:
    told: str


@dataclass(frozen=True, slots=True)
class End:
    """It is over already, whoever made it so."""

    outcome: Literal["promoted", "back", "overtaken"]
    told: str


Action = Enter | Promote | Back | Hold | End


@dataclass(frozen=True, slots=True)
class Look:
    """`minutes` since the step began; `rate`: requests a minute of all arms, None while it is unknown."""

    rollout: Rollout
    stage: Stage
    minutes: float = 0.0
    judgement: Judgement | None = None
    paused: str = ""
    rate: float | None = None
    policy_reason: str = ""


def stage_of(rollout: Rollout, policy: TrafficPolicy, *, begun: bool) -> Stage:
    """`begun`: whether any policy since the start has named the challenger."""
    if policy.champion == rollout.challenger:
        return Stage("promoted")
    if policy.champion != rollout.champion:
        return Stage("foreign")
    share = share_of(rollout, policy)
    if share is None:
        return Stage("gone" if begun else "before")
    for index, step in enumerate(rollout.plan.steps):
        if abs(step.share - share) < _SAME_SHARE:
            return Stage("step", index)
    return Stage("foreign")


def decide(look: Look) -> Action:
    """Failed or silent is back, also while it is paused; inconclusive is wait; passed is the next step."""
    kind = look.stage.kind
    if kind == "step":
        return _at_step(look, look.rollout.plan.steps[look.stage.index])
    if kind == "before":
        return _enter(look.rollout.plan, -1, look.rate)
    if kind == "promoted":
        return End("promoted", f"{look.rollout.challenger.version} is champion.")
    if kind == "gone":
        return End("back", look.policy_reason or "The challenger was taken out of the policy.")
    return End(
        "overtaken", f"Somebody changed the policy to something that is not planned: {look.policy_reason}"
    )


def _at_step(look: Look, step: Step) -> Action:
    judged = look.judgement
    if judged is not None and judged.verdict.outcome in {Outcome.FAILED, Outcome.ERROR}:
        return Back(" ".join(judged.verdict.reasons))
    if look.paused:
        return Hold(look.paused)
    if judged is None or look.minutes < step.min_minutes:
        return Hold(f"This step lasts at least {step.min_minutes} minutes; {look.minutes:.0f} are over.")
    if judged.verdict.outcome is Outcome.PASSED:
        return _enter(look.rollout.plan, look.stage.index, look.rate)
    late = f" It was to end within {step.max_minutes} minutes." if look.minutes > step.max_minutes else ""
    return Hold(" ".join(judged.verdict.reasons) + late)


def _enter(plan: Plan, after: int, rate: float | None) -> Action:
    """The next step, or the first later one whose minimum can be reached in time at this rate."""
    if after + 1 == len(plan.steps):
        return Promote("Every step has passed.")
    reachable = [
        index for index in range(after + 1, len(plan.steps)) if _can_be_reached(plan.steps[index], rate)
    ]
    if rate is None or not reachable or reachable[0] == after + 1:
        return Enter(after + 1)
    skipped, chosen = plan.steps[after + 1 : reachable[0]], plan.steps[reachable[0]]
    titles = ", ".join(step.title for step in skipped)
    return Enter(
        reachable[0],
        f"At {rate:.3g} requests a minute {titles} could not see the requests they need in their time: "
        f"it goes on at {chosen.title}.",
    )


def _can_be_reached(step: Step, rate: float | None) -> bool:
    return rate is not None and rate * (step.share or 1.0) * step.max_minutes >= step.min_requests


def share_of(rollout: Rollout, policy: TrafficPolicy) -> float | None:
    if rollout.challenger in policy.shadows:
        return 0.0
    arm = next((arm for arm in policy.arms if arm.digest == rollout.challenger.digest), None)
    return None if arm is None else arm.share
