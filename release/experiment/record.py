"""An experiment in the store: what it shall show, decided before anybody saw a result."""

from dataclasses import asdict, dataclass, field, replace

import msgspec

from lifecycle.object_store import ObjectStore
from lifecycle.policy import VersionRef
from lifecycle.signing import DetachedSignature, TrustSet
from release.experiment.sizing import Design
from release.series import FORMAT, Series

Experiments = Series["Experiment"]


@dataclass(frozen=True, slots=True)
class Experiment:
    """The one primary metric is the share of units whose answer was right: the label itself, or a number no further
    than `tolerance` from the true one.
    """

    number: int
    challenger: VersionRef
    champion: VersionRef
    base: int
    design: Design
    started_at: str
    by: str
    reason: str = ""
    tolerance: float | None = None
    signature: DetachedSignature | None = field(default=None, compare=False)
    format: int = FORMAT

    def signed_bytes(self) -> bytes:
        return msgspec.json.encode(asdict(replace(self, signature=None)), order="sorted")


def experiments_in(control: ObjectStore, trust: TrustSet) -> Experiments:
    return Series(control, trust, "experiments", Experiment)
