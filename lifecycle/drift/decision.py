"""Retrain or not, from the nights so far: two bad nights in a row or one severe, and the cooldown over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lifecycle.drift.severity import Severity

COOLDOWN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Night:
    """One judged night of one version. `evidence` are sentences: what was found, worst first."""

    of: date
    severity: Severity
    bad: bool
    evidence: tuple[str, ...] = ()

    @property
    def severe(self) -> bool:
        return self.bad and self.severity is Severity.SEVERE


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` is the sentence for the mail either way; `nights` and `evidence` are what a RetrainRequest carries."""

    retrain: bool
    reason: str
    nights: tuple[date, ...] = ()
    evidence: tuple[str, ...] = ()


def decide(nights: Sequence[Night], *, last_retrain: date | None = None, in_flight: bool = False) -> Decision:
    """Decide for the last of `nights` (one version, oldest first). Nights without data are passed over: they
    neither end a row of bad nights nor make one.
    """
    judged = [night for night in nights if night.severity is not Severity.NO_DATA]
    if not judged or judged[-1].of != nights[-1].of:
        return Decision(False, "No retraining: this night could not be judged.")
    tonight = judged[-1]
    if not tonight.bad:
        return Decision(False, f"No retraining: the night is {tonight.severity.value}, not bad.")
    row = [night for night in judged[-2:] if night.bad]
    if len(row) < 2 and not tonight.severe:
        return Decision(
            False, "No retraining yet: one bad night; a second in a row, or a severe one, is needed."
        )
    return _unless_held(tonight, row, last_retrain, in_flight=in_flight)


def _unless_held(
    tonight: Night, row: Sequence[Night], last_retrain: date | None, *, in_flight: bool
) -> Decision:
    if in_flight:
        return Decision(False, "No retraining: one is in flight already.")
    if last_retrain is not None and tonight.of < last_retrain + COOLDOWN:
        until = (last_retrain + COOLDOWN).isoformat()
        return Decision(
            False, f"No retraining: the last was on {last_retrain}; the cooldown ends on {until}."
        )
    reason = "Retraining: the night is severe." if tonight.severe else "Retraining: two bad nights in a row."
    evidence = tuple(f"{night.of}: {sentence}" for night in row for sentence in night.evidence)
    return Decision(True, reason, tuple(night.of for night in row), evidence)
