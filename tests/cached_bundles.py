"""Bundles of built models in a machine's cache, signed as registration and admission would."""

import pickle
from dataclasses import replace

import msgspec

from lifecycle.bundle import Manifest, file_entry, signature_to_bytes
from lifecycle.machine import VERSION, Brought
from lifecycle.policy import VersionRef
from lifecycle.runtime import current_runtime


def bring(machine, keys, built, version, *, runtime=None, golden=None):
    """Returns its ref. `golden`: answers that the model does not give."""
    folder = machine.root / "made" / version
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(pickle.dumps(built.model.estimator))
    (folder / "golden.json").write_bytes(msgspec.json.encode((golden or built.golden).to_document()))
    files = tuple(file_entry(folder / name) for name in ("model.pkl", "golden.json"))
    made = Manifest("flights", files, built.model.signature, runtime or current_runtime(), {}, source=version)
    (folder / "manifest.json").write_bytes(made.to_bytes())
    for role, key in keys.items():
        signature = signature_to_bytes(key.sign(made.digest.encode()))
        (folder / f"{role}.json").write_bytes(signature)
    brought = Brought("flights", version, made.digest, f"2013-01-{int(version[1:]):02}T00:00:00.000Z")
    (folder / VERSION).write_bytes(msgspec.json.encode(brought))
    machine.bundles.mkdir(parents=True, exist_ok=True)
    folder.rename(machine.bundle(made.digest))
    return VersionRef(version, made.digest)


def with_other_answers(built):
    """Golden rows whose labels are turned round: the model fails them."""
    golden = built.golden
    answers = tuple(msgspec.structs.replace(answer, labels=answer.labels[::-1]) for answer in golden.answers)
    return replace(golden, answers=answers)
