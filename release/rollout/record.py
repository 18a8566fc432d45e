"""A rollout in the store: what was planned. Where it is, the policy says and nothing else."""

from dataclasses import asdict, dataclass, field, replace

import msgspec

from lifecycle.object_store import ObjectStore
from lifecycle.policy import VersionRef
from lifecycle.signing import DetachedSignature, TrustSet
from release.rollout.plan import Plan
from release.series import FORMAT, Series

Rollouts = Series["Rollout"]


@dataclass(frozen=True, slots=True)
class Rollout:
    """`base`: the policy's number before the first step. `score_distance`, `disagreement`: what retraining found."""

    number: int
    challenger: VersionRef
    champion: VersionRef
    base: int
    plan: Plan
    started_at: str
    by: str
    reason: str = ""
    score_distance: float | None = None
    disagreement: float | None = None
    signature: DetachedSignature | None = field(default=None, compare=False)
    format: int = FORMAT

    def signed_bytes(self) -> bytes:
        return msgspec.json.encode(asdict(replace(self, signature=None)), order="sorted")


def rollouts_in(control: ObjectStore, trust: TrustSet) -> Rollouts:
    return Series(control, trust, "rollouts", Rollout)
