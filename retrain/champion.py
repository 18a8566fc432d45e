"""The champion as retraining sees it: its bundle in a folder, verified, and loaded in a contained child alone."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from lifecycle.atomic_file import write_atomically
from lifecycle.bundle import MANIFEST, PROFILE, Manifest, verify_content
from lifecycle.loading import check_runtime, load_model
from lifecycle.model import Model
from lifecycle.policy_journal import PolicyJournal
from lifecycle.profile import document as profile_document
from lifecycle.profile.profile import Profile
from lifecycle.reference.base_set import read_base_set
from lifecycle.reference.labelled import LabelledReference
from lifecycle.registry import Registry, base_set_key
from lifecycle.signing import TrustSet
from retrain.stopped import TrainingStoppedError


@dataclass(frozen=True, slots=True)
class Champion:
    version: str
    digest: str
    manifest: Manifest


def current_champion(registry: Registry, trust: TrustSet) -> Champion:
    """Raises TrainingStoppedError where there is none, or none that could be retrained."""
    policy = PolicyJournal(registry, trust).newest()
    if policy is None:
        raise TrainingStoppedError(
            "No version is champion, so there is nothing to train anew.",
            fix="Promote one: picklefleet approve v1 && picklefleet promote v1",
        )
    return champion_of(registry, trust, policy.champion.version, policy.champion.digest)


def champion_of(registry: Registry, trust: TrustSet, version: str, digest: str) -> Champion:
    """Both signatures are believed, the runtime is this one, and it came with a reference."""
    for role in ("registration", "admission"):
        trust.verify(role, digest.encode(), registry.signature(digest, role))
    manifest = registry.manifest(digest)
    check_runtime(manifest)
    if manifest.base_set is None or not manifest.metric:
        raise TrainingStoppedError(
            f"{version} was registered without a labelled reference: there is no trusted set to compare on.",
            fix="Register it again with --reference FILE --target COLUMN --fold COLUMN, and promote that version.",
        )
    return Champion(version, digest, manifest)


def bring(registry: Registry, champion: Champion, folder: Path) -> Path:
    """The champion's bundle in a folder, byte for byte. Raises CorruptBundleError."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in champion.manifest.files:
        if not (folder / entry.path).exists():
            registry.objects.get_to_file(f"bundles/{champion.digest}/{entry.path}", folder / entry.path)
    if not (folder / MANIFEST).exists():
        write_atomically(folder / MANIFEST, registry.manifest_bytes(champion.digest))
    verify_content(folder, champion.digest)
    return folder


def bring_base_set(registry: Registry, champion: Champion, folder: Path) -> LabelledReference:
    base_set = champion.manifest.base_set
    if base_set is None:
        raise TrainingStoppedError(f"{champion.version} has no base set.")
    path = folder / f"{base_set.sha256}.parquet"
    if not path.exists():
        registry.objects.get_to_file(base_set_key(base_set), path)
    return read_base_set(path, champion.manifest.signature)


def read_profile(folder: Path) -> Profile:
    return profile_document.from_document(msgspec.json.decode((folder / PROFILE).read_bytes()))


def load_champion(folder: Path, digest: str) -> tuple[Model, Manifest]:
    """In a child: the bytes are checked again before the first opcode."""
    manifest = verify_content(folder, digest)
    return load_model(folder, manifest, digest, ""), manifest
