"""Gather, validate, split: from the log and the base set to the rows of one retraining."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lifecycle.registry import Registry
from lifecycle.signature import Signature
from retrain.caps import label_change
from retrain.champion import Champion, bring_base_set, read_profile
from retrain.gathering import Gathered, gather, refuse_private, window_of
from retrain.limits import Limits
from retrain.place import Place
from retrain.plan import Plan
from retrain.splitting import Split, split
from retrain.stopped import TrainingStoppedError
from retrain.validation import check_columns, check_rows, unlike_the_labelled
from retrain.work_rows import WorkRows, work_rows


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """`document` is what the card says of the data."""

    work: WorkRows
    document: dict[str, Any]


def prepare(place: Place, plan: Plan, champion: Champion, champion_folder: Path) -> Prepared:
    """Raises TrainingStoppedError with the reason why nothing should be learned from these data."""
    signature = champion.manifest.signature
    refuse_private(signature)
    base = bring_base_set(place.registry, champion, champion_folder.parent)
    profile = read_profile(champion_folder)
    versions = versions_alike(place.registry, signature)
    gathered = gather(place.log, signature, versions, plan.moment, place.limits.key_share)
    rows = check_rows(signature, gathered.rows)
    columns = check_columns(signature, profile, base, rows)
    parts = split(rows, base)
    labels = _check_labels(signature, place.limits, parts, base.truths[0])
    unlike = unlike_the_labelled(profile, rows.columns, gathered.unlabelled)
    told = {"columns": list(columns), "labels": labels, "unlike": [asdict(one) for one in unlike]}
    return Prepared(work_rows(parts), _document(plan, gathered, parts, champion) | told)


def versions_alike(registry: Registry, signature: Signature) -> tuple[str, ...]:
    """Versions whose rows are rows of this signature: the same features of the same kinds."""
    return tuple(_alike(registry, signature))


def _alike(registry: Registry, signature: Signature) -> Iterator[str]:
    kinds = [(one.name, one.kind, one.privacy) for one in signature.inputs]
    outputs = [(one.name, one.labels) for one in signature.outputs]
    for entry in registry.versions():
        other = registry.manifest(entry.digest).signature
        same_inputs = [(one.name, one.kind, one.privacy) for one in other.inputs] == kinds
        if same_inputs and [(one.name, one.labels) for one in other.outputs] == outputs:
            yield entry.version


def _check_labels(signature: Signature, limits: Limits, parts: Split, base: list[Any]) -> str:
    told = parts.train.truths[0][parts.filled :] + parts.compare.truths[0]
    change, sentence = label_change(signature.outputs[0], base, told)
    if change > limits.label_change:
        raise TrainingStoppedError(
            f"Labels or concept: a person decides. {sentence}",
            fix="Look at where the labels come from. If the world did change so much, raise "
            "PICKLEFLEET_RETRAIN_LABEL_CHANGE.",
        )
    return sentence


def _document(plan: Plan, gathered: Gathered, parts: Split, champion: Champion) -> dict[str, Any]:
    window = window_of(plan.moment)
    base_set = champion.manifest.base_set
    return {
        "window": {"start": window.start.isoformat(), "end": window.end.isoformat()},
        "left_out": gathered.left_out.to_document(),
        "train_rows": len(parts.train),
        "of_base_set": parts.filled,
        "compare_rows": len(parts.compare),
        "trusted_rows": len(parts.trusted),
        "train_sha256": parts.train.digest(),
        "compare_sha256": parts.compare.digest(),
        "base_set_sha256": "" if base_set is None else base_set.sha256,
    }
