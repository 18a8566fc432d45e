"""What is asked for, how far it is, what came of it."""

from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from lifecycle.clock import timestamp
from lifecycle.drift.decision import COOLDOWN
from lifecycle.errors import NotFoundError
from lifecycle.model_card import card_text, find_card
from lifecycle.retraining import FIT_BEGUN, Answer, RetrainRequest
from retrain.place import Place
from retrain.run import STEPS


@dataclass(frozen=True, slots=True)
class Shown:
    document: dict[str, Any]
    text: str


def status_of(place: Place) -> dict[str, Any]:
    requests = place.queue.requests()
    fits = place.queue.fits()
    return {
        "requests": [_request(place, one) for one in requests],
        "cooldown_until": timestamp(fits[-1] + COOLDOWN) if fits else None,
        "approval": place.limits.approval,
    }


def show_of(place: Place, which: str | None) -> Shown:
    """Raises NotFoundError, naming what there is."""
    requests = {one.id: one for one in place.queue.requests()}
    chosen = which or next(reversed(requests), None)
    if chosen is None:
        raise NotFoundError("Nothing was asked for yet.", fix="picklefleet retrain request --reason …")
    if chosen in requests:
        return _of_request(place, requests[chosen])
    return _card(place, chosen)


def _request(place: Place, request: RetrainRequest) -> dict[str, Any]:
    answer = place.queue.answer(request.id)
    done = [step for step in STEPS if step in place.queue.steps(request.id)]
    began = place.queue.recorded(request.id, FIT_BEGUN) is not None
    return {
        "id": request.id,
        "reason": request.reason,
        "origin": request.origin,
        "requested_by": request.requested_by,
        "made_at": request.made_at,
        "steps_done": done,
        "fit_begun": began,
        "answer": None if answer is None else asdict(answer),
    }


def _of_request(place: Place, request: RetrainRequest) -> Shown:
    answer = place.queue.answer(request.id)
    if answer is not None and answer.version:
        return _card(place, answer.version)
    document = _request(place, request) | {"evidence": list(request.evidence)}
    return Shown(document, _sentence(request, answer))


def _sentence(request: RetrainRequest, answer: Answer | None) -> str:
    lines = [f"{request.id}: {request.reason}", *(f"  {one}" for one in request.evidence)]
    return "\n".join([*lines, "It is open." if answer is None else f"{answer.result}: {answer.outcome}"])


def _card(place: Place, version: str) -> Shown:
    entry = place.registry.version(version)
    card = find_card(place.registry, entry.digest, place.trust)
    if card is None:
        raise NotFoundError(f"{entry.version} has no card: no retraining made it.")
    return Shown(msgspec.to_builtins(asdict(card)), card_text(place.registry, entry.digest) or "")
