"""From the fleet's measurements and the policy to what the gate is asked."""

from collections.abc import Sequence
from datetime import datetime

from lifecycle.gate.blocks import Blocks
from lifecycle.gate.evidence import Evidence, ended, opened
from lifecycle.gate.judge import Demands, Judgement, judge, score_limit
from lifecycle.measurements.fleet import Fleet, minute_of, of_population, of_version
from release.measured_minutes import first_open_minute
from release.rollout.plan import Step
from release.rollout.record import Rollout

RATE_MINUTES = 30


def judge_step(rollout: Rollout, step: Step, evidence: Evidence) -> Judgement:
    return judge(evidence, demands_of(rollout, step))


def evidence_of(  # noqa: PLR0913, PLR0917 - each is another source
    rollout: Rollout, step: Step, fleet: Fleet, begun: Sequence[datetime], now: datetime, labels: Blocks = ()
) -> Evidence:
    """Whole minutes from the first of these steps to the last that has ended.

    `begun`: when each step of this kind (shadow or not) began, this one last.
    """
    steps = tuple(minute_of(moment) + 1 for moment in begun)
    until = first_open_minute(now)
    minutes = {m: cells for m, cells in fleet.everywhere().items() if steps[0] <= m <= until}
    challenger = of_version(minutes, rollout.challenger.version, "live" if step.share else "shadow")
    champion = of_version(minutes, rollout.champion.version, "live")
    return Evidence(
        ended(challenger, until),
        ended(champion, until),
        until,
        steps,
        step.ratio,
        fleet.newest_minute,
        labels,
        opened(challenger, champion, until),
    )


def demands_of(rollout: Rollout, step: Step) -> Demands:
    return Demands(
        rollout.plan.signals_at(step),
        step.min_requests,
        {"score": score_limit(rollout.score_distance)},
        rollout.disagreement,
        rollout.plan.max_silence_minutes,
    )


def rate_of(fleet: Fleet, now: datetime) -> float | None:
    """Requests a minute of late, of everybody; None where nobody has measured anything."""
    until = first_open_minute(now)
    recent = {m: cells for m, cells in fleet.everywhere().items() if until - RATE_MINUTES <= m < until}
    answered = of_population(recent, lambda cell: cell.source == "live" and cell.version != "")
    if not answered:
        return None
    return sum(cell.answered for cell in answered.values()) / (until - min(answered))
