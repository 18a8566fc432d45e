"""From a verified bundle's folder to a model that has proven itself on its golden rows."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import msgspec

from lifecycle import golden
from lifecycle.batch import answers_by_rows
from lifecycle.bundle import ARTIFACT, GOLDEN, SHIM, Manifest, follow, verify
from lifecycle.compiled.fast_path import FastPath
from lifecycle.compiled.plan import make_plan
from lifecycle.compiled.proof import AT_LOAD, Planner, fast_path_for
from lifecycle.errors import BundleError, CorruptBundleError, ModelRefusedError, WrongRuntimeError
from lifecycle.golden import GoldenRows
from lifecycle.model import Model
from lifecycle.pickles.allow_list import AllowList
from lifecycle.pickles.unpickle import load_model_file
from lifecycle.runtime import current_runtime
from lifecycle.signing import TrustSet
from lifecycle.verdict import Outcome


def load_verified(
    folder: Path, digest: str, version: str, trust: TrustSet, *, planner: Planner | None = make_plan
) -> Model:
    """Digest, both signatures and runtime are checked before the first opcode; golden rows before it returns.
    `planner` None: the model shall be answered by its estimator alone.

    Raises a BundleError (corrupt, untrusted, wrong runtime, golden rows that differ) or ModelRefusedError.
    """
    manifest = verify(folder, digest, trust)
    check_runtime(manifest)
    model = load_model(folder, manifest, digest, version)
    rows = read_golden(folder)
    verdict = golden.replay(model, rows)
    if verdict.outcome is not Outcome.PASSED:
        raise BundleError(f"{manifest.name} {version} fails its golden rows: {' '.join(verdict.reasons)}")
    proven = replace(model, fast=_proven_again(model, manifest, rows, planner))
    return replace(proven, by_rows=answers_by_rows(proven, rows.columns, rows.rows))


def _proven_again(model: Model, manifest: Manifest, rows: GoldenRows, planner: Planner | None) -> FastPath:
    """What registration found wanting is not tried again; what it found right is proven in this process too."""
    if planner is None:
        return FastPath(step="settings", reason="PICKLEFLEET_FAST_PATH is off.")
    told = manifest.fast_path
    if told is not None and not told.get("used"):
        return FastPath(step=str(told.get("step", "")), reason=str(told.get("reason", "")))
    return fast_path_for(model.estimator, model.signature, rows.columns, AT_LOAD, planner)


def load_model(folder: Path, manifest: Manifest, digest: str, version: str) -> Model:
    """Load a bundle whose bytes are already known to be right; nothing outside its allow-list is executed."""
    allowed = AllowList.default().with_extra(manifest.allow)
    shim = load_shim(folder / SHIM) if any(entry.path == SHIM for entry in manifest.files) else None
    loaded = load_model_file(folder / ARTIFACT, allowed, shim, accept_version=manifest.accept_version)
    estimator = follow(loaded, manifest.estimator_path)
    return Model(manifest.name, version, digest, manifest.signature, estimator)


def prove_repeatable(folder: Path, manifest: Manifest, rows: GoldenRows) -> Model:
    """Load the bundle as a machine will, and ask it its golden rows: what can't be repeated must not be served.

    Raises ModelRefusedError.
    """
    model = load_model(folder, manifest, manifest.digest, "")
    verdict = golden.replay(model, rows)
    if verdict.outcome is not Outcome.PASSED:
        raise ModelRefusedError(
            f"The model does not repeat its own answers: {' '.join(verdict.reasons)}",
            fix="A model that answers at random can't be served; fix its random_state.",
        )
    return model


def check_runtime(manifest: Manifest) -> None:
    """Raises WrongRuntimeError when the bundle names other model libraries than those installed here."""
    here = current_runtime()
    if manifest.runtime != here:
        raise WrongRuntimeError(
            f"The bundle of {manifest.name} runs in {manifest.runtime}; this environment is {here}.",
            fix=f"Start it with RUNTIME={manifest.runtime}, or register the model again in {here}.",
        )


def read_golden(folder: Path) -> GoldenRows:
    try:
        return golden.from_document(msgspec.json.decode((folder / GOLDEN).read_bytes()))
    except (OSError, msgspec.MsgspecError) as problem:
        raise CorruptBundleError("The golden rows can't be read.") from problem


def load_shim(path: Path) -> ModuleType:
    """Run the shim that a person approved with the model: it defines what the pickle expects in `__main__`."""
    spec = importlib.util.spec_from_file_location("picklefleet_shim", path)
    if spec is None or spec.loader is None:
        raise CorruptBundleError(f"The shim {path.name} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
