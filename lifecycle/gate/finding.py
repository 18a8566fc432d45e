"""What one signal says: both arms' figures, the bounds on their difference, and a sentence for a person."""

from collections.abc import Mapping
from dataclasses import dataclass

from lifecycle.gate.blocks import Blocks, Share
from lifecycle.gate.evidence import Signal
from lifecycle.verdict import Outcome, Verdict

_CALLED: Mapping[Signal, str] = {
    "errors": "Failed requests",
    "latency": "Requests slower than the champion's 95th percentile",
    "labels": "Wrong answers",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """`challenger` and `champion` are shares, weighted alike over the minutes; `requests` are the challenger's.

    Their difference lies above `low`, at the error rate of failing, and below `high`, at that of passing.
    """

    signal: Signal
    margin: float
    requests: int
    challenger: float
    champion: float
    low: float
    high: float

    @classmethod
    def of(cls, signal: Signal, blocks: Blocks, margin: float, low: float, high: float) -> "Figures":
        pairs = sum(block.pairs for block in blocks) or 1
        return cls(
            signal,
            margin,
            sum(block.challenger.n for block in blocks),
            sum(block.pairs * block.challenger.value for block in blocks) / pairs,
            sum(block.pairs * block.champion.value for block in blocks) / pairs,
            low,
            high,
        )

    @property
    def difference(self) -> float:
        return self.challenger - self.champion


@dataclass(frozen=True, slots=True)
class Finding:
    """`more`: how many more requests of the challenger would settle it; None where none would."""

    figures: Figures
    outcome: Outcome
    reason: str
    more: int | None = 0

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.outcome, (self.reason,))


def failed(figures: Figures) -> Finding:
    least, allowed = _amount(figures, max(figures.low, figures.margin)), _amount(figures, figures.margin)
    return Finding(
        figures, Outcome.FAILED, f"{_told(figures)}: at least {least} apart, {allowed} is allowed."
    )


def passed(figures: Figures) -> Finding:
    return Finding(
        figures, Outcome.PASSED, f"{_told(figures)}: less than {_amount(figures, figures.high)} apart."
    )


def held(figures: Figures, more: int | None) -> Finding:
    if not figures.requests:
        return Finding(figures, Outcome.INCONCLUSIVE, f"{_told(figures)}.", more)
    allowed, possible = _amount(figures, figures.margin), _amount(figures, figures.high)
    if more is None:
        reason = (
            f"{_told(figures)}: so near to the {allowed} allowed that more of the same would not settle it; "
            "a person decides."
        )
    else:
        reason = (
            f"{_told(figures)}: possibly {possible} apart, {allowed} is allowed; "
            f"about {more:,} more requests of the challenger would tell."
        )
    return Finding(figures, Outcome.INCONCLUSIVE, reason, more)


def probably_worse(figures: Figures, more: int | None) -> Finding:
    """Beyond what is allowed, as far as was seen, but that may still be chance."""
    when = "" if more is None else f" after about {more:,} more requests of the challenger"
    told = (
        f"{_told(figures)}: more than the {_amount(figures, figures.margin)} allowed, but it may still be chance; "
        f"if it goes on like this it goes back{when}."
    )
    return Finding(figures, Outcome.INCONCLUSIVE, told, more)


def unlike_before(figures: Figures) -> Finding:
    """All steps together would pass, this one alone would not: its own evidence has to tell."""
    allowed = _amount(figures, figures.margin)
    told = f"{_told(figures)}, all steps together; in this step alone more than the {allowed} allowed: more of it would tell."
    return Finding(figures, Outcome.INCONCLUSIVE, told, None)


def disagreeing(seen: Share, margin: float) -> Finding:
    """A better model disagrees too, so this never fails a rollout: it asks for a person."""
    value = seen.value if seen.n else 0.0
    figures = Figures("disagreement", margin, seen.n, value, 0.0, 0.0, value)
    if not seen.n:
        return Finding(figures, Outcome.INCONCLUSIVE, "No answer of the shadow was compared yet.", None)
    told = f"The shadow answered {value:.1%} of {seen.n:,} requests differently; at most {margin:.1%} was expected"
    if value <= margin:
        return Finding(figures, Outcome.PASSED, f"{told}.")
    return Finding(figures, Outcome.INCONCLUSIVE, f"{told}: a person decides.", None)


def _told(figures: Figures) -> str:
    if figures.signal == "score":
        return f"Scores differ by D = {abs(figures.difference):.3f}" if figures.requests else "No scores yet"
    if not figures.requests:
        return f"{_CALLED[figures.signal]}: none observed yet"
    return f"{_CALLED[figures.signal]} {figures.challenger:.2%} against {figures.champion:.2%}"


def _amount(figures: Figures, value: float) -> str:
    return f"D = {value:.3f}" if figures.signal == "score" else f"{100 * value:.2f} points"
