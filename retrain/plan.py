"""What one retraining is about, decided once and kept in the queue: whoever resumes it goes on with the same."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec

from lifecycle.clock import timestamp
from lifecycle.retraining import RetrainRequest
from retrain.champion import Champion
from retrain.limits import Limits

FORMAT = 1
STEP = "plan"
ROUND = time(2, 0)  # when the worker judges a night


@dataclass(frozen=True, slots=True)
class Plan:
    """Labels that came after `as_of` (RFC 3339) are not known to it. `recipe_sha256` is empty for the default."""

    request: str
    champion: str
    champion_digest: str
    as_of: str
    seed: int
    recipe_sha256: str
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.as_of)

    def digest(self) -> str:
        """What registration knows it by: the same plan again is the version that it made."""
        return hashlib.sha256(b"retrain\n" + msgspec.json.encode(asdict(self), order="sorted")).hexdigest()

    def to_document(self) -> dict[str, Any]:
        return asdict(self)


def plan_for(request: RetrainRequest, champion: Champion, limits: Limits, as_of: datetime, seed: int) -> Plan:
    return Plan(
        request.id, champion.version, champion.digest, timestamp(as_of), seed, recipe_digest(limits.recipe)
    )


def plan_from(document: dict[str, Any]) -> Plan:
    return msgspec.convert(document, Plan)


def moment_for(request: RetrainRequest, now: datetime, *, replay: bool) -> datetime:
    """Now; in replayed times the moment at which the request's night was judged, or at which a person asked."""
    if not replay:
        return now
    if request.origin != "drift":
        return min(now, datetime.fromisoformat(request.made_at))
    return min(now, datetime.combine(request.night + timedelta(days=1), ROUND, UTC))


def recipe_digest(recipe: Path | None) -> str:
    return "" if recipe is None else hashlib.sha256(recipe.read_bytes()).hexdigest()
