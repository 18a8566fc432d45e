"""What an experiment has shown so far. Pure; it may be asked at any time, as often as one likes."""

from dataclasses import dataclass
from typing import Literal

from scipy.special import chdtrc

from lifecycle.gate.betting import lower_bound, upper_bound
from lifecycle.gate.finding import Figures
from lifecycle.gate.judge import Judgement
from lifecycle.verdict import Outcome
from release.experiment.sizing import ALPHA, Design
from release.experiment.units import Arms

SRM = 0.001

Result = Literal["better", "worse", "alike", "running", "undecided", "mismatch", "guardrail"]


@dataclass(frozen=True, slots=True)
class Reading:
    """`units`: assigned to challenger and champion, `labelled` of these. `srm_p`: of their ratio, if all were well.

    The difference of the metric lies between `low` and `high` with 95 % confidence, at this look and every other.
    """

    result: Result
    told: str
    units: tuple[int, int]
    labelled: tuple[int, int]
    challenger: float
    champion: float
    low: float
    high: float
    srm_p: float
    crossed: int
    needed: int

    @property
    def must_stop(self) -> bool:
        return self.result in {"mismatch", "guardrail"}


def read(design: Design, arms: Arms, guardrails: Judgement | None, *, ended: bool = False) -> Reading:
    """`guardrails`: errors and latency, as the gate judges them; None without measurements."""
    units = len(arms.challenger.assigned), len(arms.champion.assigned)
    labelled = len(arms.challenger.right), len(arms.champion.right)
    blocks = arms.blocks()
    low, high = lower_bound(blocks, ALPHA / 2), upper_bound(blocks, ALPHA / 2)
    figures = Figures.of("labels", blocks, 0.0, low, high)
    p = sample_ratio_p(units, design.share)
    needed = design.units()
    result, told = _result(design, (low, high), sum(labelled), p, guardrails)
    if ended and result == "running":
        result, told = "undecided", "It ended before it had shown anything."
    return Reading(
        result,
        told,
        units,
        labelled,
        figures.challenger,
        figures.champion,
        low,
        high,
        p,
        arms.crossed(),
        needed,
    )


def sample_ratio_p(units: tuple[int, int], share: float) -> float:
    """Of the chi-squared test of both counts against the planned share; 1 without units."""
    total = sum(units)
    if not total:
        return 1.0
    planned = (total * share, total * (1 - share))
    statistic = sum((seen - wanted) ** 2 / wanted for seen, wanted in zip(units, planned, strict=True))
    return float(chdtrc(1, statistic))


def _result(
    design: Design, bounds: tuple[float, float], labelled: int, p: float, guardrails: Judgement | None
) -> tuple[Result, str]:
    low, high = bounds
    if p < SRM:
        return "mismatch", (
            f"The arms do not have the planned shares of the units (p = {p:.1g}): something sorts them, so nothing "
            "can be concluded. Stop it, find out why, start anew."
        )
    if guardrails is not None and guardrails.verdict.outcome is Outcome.FAILED:
        return "guardrail", " ".join(guardrails.verdict.reasons)
    if low > 0:
        return "better", f"The challenger is right more often, by {_points(low)} to {_points(high)} points."
    if high < 0:
        return "worse", f"The challenger is right less often, by {_points(-high)} to {_points(-low)} points."
    if -design.effect < low and high < design.effect:
        return "alike", f"If they differ, then by less than the {_points(design.effect)} points that matter."
    missing = max(0, design.units() - labelled)
    if missing:
        return "running", f"About {missing:,} more labelled units are needed."
    return "running", (
        "As many units as were planned have not settled it: the difference lies near the one that matters. "
        "A person decides, or it goes on."
    )


def _points(share: float) -> str:
    return f"{100 * share:.2f}"
