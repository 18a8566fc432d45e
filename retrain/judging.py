"""The third contained child: the artifact becomes a bundle that answers as a machine will ask it, and is compared."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from lifecycle.bundle import ARTIFACT, GOLDEN, MANIFEST, PROFILE, SHIM, Manifest, file_entry
from lifecycle.errors import ModelFailureError
from lifecycle.golden_choice import choose_golden
from lifecycle.loading import load_shim, prove_repeatable
from lifecycle.model import Model
from lifecycle.performance.answers import answers_to
from lifecycle.pickles.allow_list import AllowList
from lifecycle.pickles.unpickle import load_model_file
from lifecycle.profile.document import to_document
from lifecycle.profile.profile import Profile
from lifecycle.reference.learning import learn, primary_metric, tell
from lifecycle.runtime import current_runtime, installed_libraries
from lifecycle.signature import Feature, Signature
from retrain.asked import Asked
from retrain.champion import load_champion
from retrain.comparison import (
    Beside,
    Both,
    Comparison,
    compared_slices,
    discordant,
    no_skill,
    score_distance,
    side,
)
from retrain.costs import Costs, times_ms
from retrain.labelled_rows import LabelledRows
from retrain.slices import slices_of
from retrain.work_rows import WorkRows, read_work


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    champion: Model
    challenger: Model

    def both(self, rows: LabelledRows) -> Both:
        everyone = np.arange(len(rows))
        answers = [answers_to(model, rows.columns, everyone) for model in (self.champion, self.challenger)]
        return Both.of(self.champion.signature.outputs, answers, rows.truths[0])


def judge(asked: Asked) -> Comparison:
    """Write the challenger's bundle and compare the two. Raises ModelRefusedError when it can't be served."""
    champion, manifest = load_champion(Path(asked.champion), asked.champion_digest)
    work = read_work(Path(asked.rows), champion.signature)
    challenger, profile, lost = _bundle(Path(asked.challenger), manifest, work)
    tell("Comparing champion and challenger …")
    return replace(_compared(_Pair(champion, challenger), profile, work, asked), lost=lost)


def _bundle(folder: Path, champion: Manifest, work: WorkRows) -> tuple[Model, Profile, tuple[str, ...]]:
    """Golden rows, profile and manifest beside the artifact; loaded back through the allow-list and asked again."""
    shim = load_shim(folder / SHIM) if (folder / SHIM).exists() else None
    allowed = AllowList.default().with_extra(champion.allow)
    estimator = load_model_file(folder / ARTIFACT, allowed, shim)
    fitted = Model(champion.name, "", "", champion.signature, estimator)
    signature, lost = _signature(fitted, work.train)
    model = replace(fitted, signature=signature)
    golden = choose_golden(model, work.rows.columns)
    (folder / GOLDEN).write_bytes(msgspec.json.encode(golden.to_document()))
    lesson = learn(model, work.reference(), champion.metric)
    (folder / PROFILE).write_bytes(msgspec.json.encode(to_document(lesson.profile)))
    (folder / MANIFEST).unlink(missing_ok=True)
    manifest = replace(
        champion,
        files=tuple(file_entry(path) for path in sorted(folder.iterdir())),
        signature=signature,
        runtime=current_runtime(),
        libraries=installed_libraries(),
        estimator_path=(),
        accept_version=False,
        source="retrain",
    )
    proven = prove_repeatable(folder, manifest, golden)
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    return proven, lesson.profile, lost


def _compared(pair: _Pair, profile: Profile, work: WorkRows, asked: Asked) -> Comparison:
    newest = work.compare
    both = pair.both(newest)
    metric = asked.metric
    trusted = work.trusted
    on_trusted = pair.both(trusted) if len(trusted) else None
    return Comparison(
        metric,
        side(both),
        None if on_trusted is None else side(on_trusted),
        tuple(compared_slices(both, metric, slices_of(pair.champion.signature, profile, newest.columns))),
        discordant(both),
        score_distance(both),
        no_skill(both, metric),
        Costs(
            *times_ms(pair.champion, pair.challenger, newest.columns),
            Path(asked.champion, ARTIFACT).stat().st_size,
            Path(asked.challenger, ARTIFACT).stat().st_size,
        ),
        beside=tuple(_beside(both, on_trusted, newest, trusted)),
    )


def _beside(
    both: Both, on_trusted: Both | None, newest: LabelledRows, trusted: LabelledRows
) -> Iterator[Beside]:
    for index, output in enumerate(both.outputs[1:], start=1):
        alone = both.alone(index, newest.truths[index])
        other = None if on_trusted is None else side(on_trusted.alone(index, trusted.truths[index]))
        yield Beside(output.name, primary_metric(alone.answered[0]), side(alone), other)


def _signature(model: Model, train: LabelledRows) -> tuple[Signature, tuple[str, ...]]:
    """The champion's, with the categories that the challenger knows; and what a strict one of them no longer takes."""
    inputs, lost = [], []
    for feature in model.signature.inputs:
        if feature.kind != "category" or not feature.categories or feature.dtype == "category":
            inputs.append(feature)
            continue
        known = _known(model, feature, train)
        if feature.unknown == "refuse":
            lost += [f"{feature.name} {value!r}" for value in feature.categories if value not in known]
        inputs.append(replace(feature, categories=known))
    return replace(model.signature, inputs=tuple(inputs)), tuple(lost)


def _known(model: Model, feature: Feature, train: LabelledRows) -> tuple[Any, ...]:
    """What it was trained on; of a strict feature those of the champion's that it answers."""
    if feature.unknown == "refuse":
        return tuple(value for value in feature.categories if _answers(model, feature, train, value))
    seen = {value for value in train.columns[feature.name] if value is not None}
    listed = [*feature.categories, *sorted(seen - set(feature.categories), key=str)]
    return tuple(value for value in listed if value in seen)


def _answers(model: Model, feature: Feature, train: LabelledRows, value: Any) -> bool:
    row = {name: values[:1] for name, values in train.columns.items()} | {feature.name: [value]}
    try:
        model.predict(row, 1)
    except ModelFailureError:
        return False
    return True
