"""The last step: decide, sign, register, keep the card, and ask for the rollout where the settings allow it."""

import math
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from lifecycle.bundle import MANIFEST, manifest_from_bytes
from lifecycle.clock import timestamp
from lifecycle.model_card import ModelCard, keep_card
from lifecycle.registry import VersionEntry
from lifecycle.retraining import Result
from lifecycle.rollout_request import RolloutRequest, ask_for_rollout
from retrain.blessing import objections
from retrain.card_page import card_page
from retrain.comparison import Comparison
from retrain.place import Place
from retrain.run import Retraining


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request. `version` is empty where nothing was registered."""

    request: str
    result: Result
    sentence: str
    version: str = ""
    rollout_asked: bool = False
    reasons: tuple[str, ...] = ()


def register(work: Retraining) -> Outcome:
    """May be called again after a kill: whatever exists stays."""
    comparison = work.compared()
    entry = _version(work)
    if entry.digest == work.champion.digest:
        return _finished(
            work, Outcome(work.request.id, "stopped", "The same data gave the same model.", entry.version)
        )
    made = _card(work, comparison, entry, objections(comparison, work.place.limits))
    card = keep_card(work.place.registry, made, card_page(made), work.place.key)
    asked = card.blessed and _ask_for_rollout(work, card)
    result: Result = "blessed" if card.blessed else "not-blessed"
    return _finished(
        work, Outcome(work.request.id, result, _sentence(card), card.version, asked, card.reasons)
    )


def stopped(place: Place, request_id: str, reason: str) -> Outcome:
    """Nothing was registered; the request is answered with the reason."""
    place.queue.finish(request_id, reason)
    place.tidy(request_id)
    return Outcome(request_id, "stopped", reason)


def _version(work: Retraining) -> VersionEntry:
    manifest = manifest_from_bytes((work.challenger / MANIFEST).read_bytes())
    return work.place.registry.add(
        work.challenger, manifest, work.place.key, by=work.place.by, request=work.plan.digest()
    )


def _card(
    work: Retraining, comparison: Comparison, entry: VersionEntry, reasons: tuple[str, ...]
) -> ModelCard:
    return ModelCard(
        entry.digest,
        entry.version,
        work.champion.digest,
        work.champion.version,
        not reasons,
        reasons,
        comparison.score_distance,
        comparison.newest.disagreement,
        _lineage(work),
        work.gathered().data,
        _finite(asdict(comparison)),
        timestamp(work.place.now()),
    )


def _lineage(work: Retraining) -> dict[str, Any]:
    request, plan = work.request, work.plan
    fitted = work.fitted()
    manifest = manifest_from_bytes((work.challenger / MANIFEST).read_bytes())
    return {
        "model": manifest.name,
        "request": request.id,
        "origin": request.origin,
        "requested_by": request.requested_by or "the worker of the nights",
        "reason": request.reason,
        "evidence": list(request.evidence),
        "as_of": plan.as_of,
        "seed": plan.seed,
        "recipe": "recipe.py" if plan.recipe_sha256 else "the champion's own estimator, fitted again",
        "recipe_sha256": plan.recipe_sha256,
        "params": fitted.params,
        "artifact_sha256": fitted.artifact_sha256,
        "code": f"picklefleet {metadata.version('picklefleet')}",
        "code_commit": work.place.limits.code_commit,
        "runtime": manifest.runtime,
        "libraries": dict(manifest.libraries),
        "realised": {where: None if one is None else asdict(one) for where, one in work.checked().items()},
        "fit_seconds": round(fitted.seconds, 3),
    }


def _ask_for_rollout(work: Retraining, card: ModelCard) -> bool:
    if work.place.limits.approval != "auto":
        return False
    request = RolloutRequest(
        card.version,
        card.digest,
        card.champion_version,
        f"Retraining {work.request.id} blessed it.",
        work.place.by,
        timestamp(work.place.now()),
    )
    ask_for_rollout(work.place.queue.control, request)
    return True


def _sentence(card: ModelCard) -> str:
    if card.blessed:
        return f"{card.version} is blessed: not worse than {card.champion_version} on any count."
    return f"{card.version} is registered and not blessed: {' '.join(card.reasons)}"


def _finished(work: Retraining, outcome: Outcome) -> Outcome:
    """The answer last, then nothing of the rows is kept here."""
    work.place.queue.finish(work.request.id, outcome.sentence, outcome.result, outcome.version)
    work.place.tidy(work.request.id)
    return outcome


def _finite(document: Any) -> Any:
    """NaN is no JSON: what is not defined is null."""
    if isinstance(document, dict):
        return {name: _finite(value) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [_finite(value) for value in document]
    return None if isinstance(document, float) and not math.isfinite(document) else document
