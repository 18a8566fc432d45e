"""The contained child of `register`: load the model, learn what it accepts, prove it, write the bundle's folder."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from intake.golden import make_golden
from intake.infer import infer_signature
from intake.labelled_reference import features_only, labelled_reference, with_positive
from intake.register import BASE_SET, REFUSAL, REFUSED, Request
from intake.samples import read_table
from intake.unwrap import Handed, unwrap
from lifecycle.bundle import (
    ARTIFACT,
    GOLDEN,
    MANIFEST,
    PROFILE,
    SHIM,
    BaseSet,
    Manifest,
    file_entry,
)
from lifecycle.compiled.plan import make_plan
from lifecycle.compiled.proof import AT_REGISTRATION, Planner, fast_path_for
from lifecycle.errors import PicklefleetError
from lifecycle.golden import GoldenRows
from lifecycle.loading import load_shim, prove_repeatable
from lifecycle.model import Model
from lifecycle.pickles.allow_list import AllowList
from lifecycle.pickles.unpickle import load_model_file
from lifecycle.profile.document import to_document
from lifecycle.reference.base_set import write_base_set
from lifecycle.reference.labelled import LabelledReference
from lifecycle.reference.learning import learn, tell
from lifecycle.runtime import current_runtime, installed_libraries
from lifecycle.signature import Signature


def build(request: Request, folder: Path, planner: Planner = make_plan) -> Manifest:
    """Write artifact, golden rows, shim and manifest to the folder. Raises ModelRefusedError with the fix."""
    shutil.copyfile(request.model, folder / ARTIFACT)
    if request.shim is not None:
        shutil.copyfile(request.shim, folder / SHIM)
    handed = _load(request, folder)
    table = None if request.reference is None else _reference_table(request.reference)
    sample = _sample(request, table)
    signature = infer_signature(handed, sample, request)
    reference = None if table is None else labelled_reference(table, signature, request)
    signature = signature if reference is None else with_positive(signature, reference)
    model = Model(request.name, "", "", signature, handed.estimator)
    rows = make_golden(model, sample)
    (folder / GOLDEN).write_bytes(msgspec.json.encode(rows.to_document()))
    metric, base_set = ("", None) if reference is None else _study(model, reference, request, folder)
    fast_path = _fast_path(model, rows, planner)
    manifest = replace(
        _manifest(request, folder, signature, handed), metric=metric, base_set=base_set, fast_path=fast_path
    )
    prove_repeatable(folder, manifest, rows)
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    return manifest


def _load(request: Request, folder: Path) -> Handed:
    shim = None if request.shim is None else load_shim(folder / SHIM)
    allowed = AllowList.default().with_extra(request.allow)
    return unwrap(load_model_file(folder / ARTIFACT, allowed, shim, accept_version=request.accept_version))


def _reference_table(path: str) -> pd.DataFrame:
    tell(f"Reading {path} …")
    return read_table(Path(path))


def _sample(request: Request, reference: pd.DataFrame | None) -> pd.DataFrame | None:
    if request.sample is not None:
        return read_table(Path(request.sample))
    return None if reference is None else features_only(reference, request)


def _study(model: Model, reference: LabelledReference, request: Request, folder: Path) -> tuple[str, BaseSet]:
    """Write profile and base set; the latter beside the folder, because no machine that serves shall get it."""
    lesson = learn(model, reference, request.metric)
    (folder / PROFILE).write_bytes(msgspec.json.encode(to_document(lesson.profile)))
    tell("Writing the base set …")
    return lesson.metric, write_base_set(reference, model.signature, folder.parent / BASE_SET)


def _fast_path(model: Model, rows: GoldenRows, planner: Planner) -> Mapping[str, Any]:
    tell("Proving the fast path …")
    found = fast_path_for(model.estimator, model.signature, rows.columns, AT_REGISTRATION, planner)
    tell(found.in_words())
    return found.to_document()


def _manifest(request: Request, folder: Path, signature: Signature, handed: Handed) -> Manifest:
    return Manifest(
        name=request.name,
        files=tuple(file_entry(path) for path in sorted(folder.iterdir())),
        signature=signature,
        runtime=current_runtime(),
        libraries=installed_libraries(),
        estimator_path=handed.path,
        allow=request.allow,
        accept_version=request.accept_version,
        source=Path(request.model).name,
    )


def main(asked: Path, folder: Path) -> int:
    """Returns the exit code; a refusal is left beside the folder for the parent to read."""
    request = msgspec.json.decode(asked.read_bytes(), type=Request)
    try:
        build(request, folder)
    except PicklefleetError as problem:
        told = {"message": problem.message, "fix": problem.fix}
        (asked.parent / REFUSAL).write_bytes(msgspec.json.encode(told))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
