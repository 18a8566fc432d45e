"""From the queue to an answer: which request, the straight line, and what is told of it at the end."""

import tempfile
import time
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from lifecycle.errors import ModelFailureError, ModelRefusedError, NotFoundError
from lifecycle.retraining import RetrainRequest
from retrain.champion import bring, current_champion
from retrain.place import Place
from retrain.plan import moment_for, plan_for
from retrain.preparing import prepare
from retrain.registering import Outcome, register, stopped
from retrain.requesting import moment
from retrain.run import Choices, Step, begun, do
from retrain.stopped import TrainingStoppedError

POLL_S = 5.0
_EXIT = {"blessed": 0, "not-blessed": 5, "stopped": 3}


@dataclass(frozen=True, slots=True)
class Wish:
    until: Step = "register"
    seed: int = 0
    as_of: datetime | None = None
    wait_s: int = 0
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """`request` is empty where nothing was asked for; `made` is what the last step left when that was not the end."""

    request: str = ""
    outcome: Outcome | None = None
    made: Any = None
    until: str = ""

    @property
    def exit_code(self) -> int:
        return 0 if self.outcome is None else _EXIT[self.outcome.result]

    def to_document(self) -> dict[str, Any]:
        outcome = None if self.outcome is None else asdict(self.outcome)
        return {"request": self.request, "outcome": outcome, "until": self.until, "made": self.made}


def work_on(place: Place, request_id: str | None, wish: Wish) -> Report:
    """Raises TrainingWaitsError and ClaimHeldError where it has to wait, StoreUnavailableError where it broke off:
    the request stays open then.
    """
    request = _chosen(place, request_id, wish.wait_s)
    if request is None:
        return Report()
    as_of = (
        moment(place, wish.as_of)
        if wish.as_of
        else moment_for(request, place.now(), replay=place.limits.replay)
    )
    if wish.dry_run:
        return Report(request.id, None, _tried(place, request, as_of, wish.seed), "dry run")
    try:
        with begun(place, request, Choices(as_of, wish.seed, wish.until)) as work:
            made = do(work, wish.until, register)
    except (TrainingStoppedError, ModelRefusedError, ModelFailureError) as problem:
        return Report(request.id, stopped(place, request.id, str(problem)))
    if isinstance(made, Outcome):
        return Report(request.id, made)
    return Report(request.id, None, _document(made), wish.until)


def _chosen(place: Place, request_id: str | None, wait_s: int) -> RetrainRequest | None:
    if request_id is not None:
        return _named(place, request_id)
    for _ in range(max(1, round(wait_s / POLL_S))):
        waiting = place.queue.open()
        if waiting:
            return waiting[0]
        if wait_s:
            time.sleep(POLL_S)
    return None


def _named(place: Place, request_id: str) -> RetrainRequest:
    known = {one.id: one for one in place.queue.open()}
    if request_id not in known:
        raise NotFoundError(f"No open request {request_id!r}.", fix=f"Open: {', '.join(known) or 'none'}.")
    return known[request_id]


def _tried(place: Place, request: RetrainRequest, as_of: datetime, seed: int) -> dict[str, Any]:
    """Gathered, validated and split, in a folder that goes again. Raises TrainingStoppedError."""
    champion = current_champion(place.registry, place.trust)
    plan = plan_for(request, champion, place.limits, as_of, seed)
    with tempfile.TemporaryDirectory(prefix="picklefleet-retrain-") as scratch:
        folder = bring(place.registry, champion, Path(scratch, "champion"))
        return {"plan": plan.to_document(), "data": prepare(place, plan, champion, folder).document}


def _document(made: Any) -> Any:
    plain = {name: _document(one) for name, one in made.items()} if isinstance(made, dict) else made
    return msgspec.to_builtins(
        asdict(plain) if is_dataclass(plain) and not isinstance(plain, type) else plain
    )
