"""What a process answers with: one policy and the models it names, all of them loaded, proven, and with one contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifecycle.golden import GoldenRows
from lifecycle.model import Model
from lifecycle.policy import ArmName, TrafficPolicy, assign
from webapp.answer_text import AnswerText
from webapp.contract import Contract


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """A model that is ready, with its contract, how its answers are written, and one of its golden rows as the
    example that works.
    """

    model: Model
    contract: Contract
    text: AnswerText
    example: Mapping[str, Any]

    @classmethod
    def of(cls, model: Model, golden: GoldenRows, max_rows: int) -> "Served":
        contract = Contract.of(model.signature, max_rows)
        text = AnswerText.of(model.signature, model.name, model.version)
        return cls(model, contract, text, {name: golden.columns[name][0] for name in model.signature.names})


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """A request is answered with one of these from its first step to its last. `id` is the Serving's."""

    id: str
    policy: TrafficPolicy
    by_digest: Mapping[str, Served]

    @property
    def champion(self) -> Served:
        """Its contract is that of every version here."""
        return self.by_digest[self.policy.champion.digest]

    def answering(self, unit: str) -> tuple[Served, ArmName]:
        assigned = assign(self.policy, unit)
        return self.by_digest[assigned.ref.digest], assigned.arm

    @property
    def shadows(self) -> tuple[Served, ...]:
        return tuple(self.by_digest[ref.digest] for ref in self.policy.shadows)

    def role(self, digest: str) -> tuple[ArmName, float] | None:
        """As what that version is here, and its share of the answers."""
        if digest == self.policy.champion.digest:
            return "champion", self.policy.champion_share
        for arm in self.policy.arms:
            if arm.digest == digest:
                return "challenger", arm.share
        return ("shadow", 0.0) if any(ref.digest == digest for ref in self.policy.shadows) else None
