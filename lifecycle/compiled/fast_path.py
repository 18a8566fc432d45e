"""Whether a model has a way round the DataFrame that may be used, and if not, what prevents it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lifecycle.compiled.plan import Plan
from lifecycle.compiled.prepare import Note

Equality = Literal["bits", "1e-12"]


@dataclass(frozen=True, slots=True)
class Proof:
    """`rows` rows were answered alike: to the bit, or within 1e-12 relative. `refused` of them both refuse."""

    equality: Equality
    rows: int
    refused: int = 0


class FastPath:
    """Of one loaded model. A disagreement found later switches it off for good, in this process."""

    def __init__(
        self, plan: Plan | None = None, proof: Proof | None = None, step: str = "", reason: str = ""
    ) -> None:
        self.plan = plan
        self.proof = proof
        self.notes: tuple[Note, ...] = () if plan is None else plan.notes
        self.step = step
        self.reason = reason

    def switch_off(self, step: str, reason: str) -> None:
        self.step, self.reason = step, reason
        self.plan = None

    def in_words(self) -> str:
        """A line for a person."""
        if self.plan is None or self.proof is None:
            return f"Fast path: not used, because of {self.step}: {self.reason}"
        others = [note.step for note in self.notes if not note.exact]
        aside = f"; {', '.join(others)} as scikit-learn runs it" if others else ""
        closeness = "to the bit" if self.proof.equality == "bits" else "within 1e-12"
        return f"Fast path: proven equal {closeness} on {self.proof.rows:,} rows{aside}."

    def to_document(self) -> dict[str, Any]:
        """As the manifest keeps it, and the models page and `inspect` show it."""
        document: dict[str, Any] = {"used": self.plan is not None}
        if self.proof is not None and self.plan is not None:
            document |= {"equality": self.proof.equality, "rows": self.proof.rows}
        if self.reason:
            document |= {"step": self.step, "reason": self.reason}
        document["steps"] = [_note(note) for note in self.notes]
        return document


def _note(note: Note) -> Mapping[str, Any]:
    told = {"step": note.step, "runs": "exact" if note.exact else "as scikit-learn runs it"}
    return told if note.exact else {**told, "reason": note.reason}
