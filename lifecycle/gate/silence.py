"""A challenger that says nothing while it should, or machines that do, are no good news."""

import math
from collections.abc import Iterator, Sequence

from lifecycle.gate.evidence import OBSERVED, Evidence, Signal
from lifecycle.verdict import Outcome, Verdict

# so many requests were expected that none comes by chance once in a thousand times
_NEVER_BY_CHANCE = math.log(1000)


def silence(evidence: Evidence, required: Sequence[Signal], max_minutes: int) -> Iterator[Verdict]:
    """One error for each required signal that is silent, or one for everything when no machine tells anything."""
    if evidence.newest is None or evidence.until - evidence.newest > max_minutes:
        if evidence.until - evidence.step_since >= max_minutes:
            yield _error(f"No machine has written measurements for {max_minutes} minutes.")
        return
    since = evidence.until - max_minutes
    if since < evidence.step_since:
        return
    for signal in required:
        if signal in OBSERVED and _is_silent(evidence, signal, since):
            yield _error(
                f"The challenger gave nothing to judge its {signal} by for {max_minutes} minutes, "
                "while the champion was asked."
            )


def _is_silent(evidence: Evidence, signal: Signal, since: int) -> bool:
    observed = OBSERVED[signal]
    seen = sum(observed(cell) for minute, cell in evidence.challenger.items() if minute >= since)
    against = sum(observed(cell) for minute, cell in evidence.champion.items() if minute >= since)
    return not seen and against * evidence.ratio > _NEVER_BY_CHANCE


def _error(reason: str) -> Verdict:
    return Verdict(Outcome.ERROR, (reason,))
