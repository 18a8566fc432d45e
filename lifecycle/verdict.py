"""What a judgement comes to. "Could not measure" is not "measured and bad", and neither is "not enough yet"."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """From best to worst, in the order that argo-rollouts gives its analysis phases.

    An error outranks inconclusive: waiting longer mends too few observations, never a broken measurement.
    A failure outranks all: what was measured and found bad stays bad, whatever else could not be measured.
    """

    PASSED = "passed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    FAILED = "failed"


_SEVERITY = {outcome: severity for severity, outcome in enumerate(Outcome)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` are whole sentences for a person; a verdict that is not passed has at least one."""

    outcome: Outcome
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.outcome is not Outcome.PASSED and not self.reasons:
            raise ValueError(f"A verdict of {self.outcome.value} must say why.")


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst outcome with the reasons of every verdict that shares it, in the order given.

    Of nothing at all it is an error: a gate that measured nothing has not passed.
    """
    judged = tuple(verdicts)
    if not judged:
        return Verdict(Outcome.ERROR, ("Nothing was measured.",))
    outcome = max((verdict.outcome for verdict in judged), key=_SEVERITY.__getitem__)
    shared = (verdict.reasons for verdict in judged if verdict.outcome is outcome)
    return Verdict(outcome, tuple(reason for reasons in shared for reason in reasons))
