"""A bundle: what travels together as one model version. Content-addressed by its manifest's SHA-256.

A bundle is a folder: `manifest.json`, the files that it names, and beside them `registration.json` and
`admission.json`, the two signatures over the digest. Nothing in it is opened before `verify` has passed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from lifecycle.errors import CorruptBundleError, UntrustedBundleError
from lifecycle.signature import Signature
from lifecycle.signing import DetachedSignature, Role, TrustSet

FORMAT = 1
MANIFEST = "manifest.json"
ARTIFACT = "model.pkl"
GOLDEN = "golden.json"
PROFILE = "profile.json"
SHIM = "shim.py"

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileEntry:
    """`path` is relative to the bundle's folder, `size` in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class BaseSet:
    """The labelled reference in the registry's `datasets/`, in the columns of the log; only retraining reads it."""

    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Names everything a machine needs to decide whether, and how, to load the artifact.

    `estimator_path` leads from the unpickled object to the estimator: keys and indices, outermost first.
    `allow` are the globals that a person allowed beyond the built-in list, as `module:Name`. `metric` is the
    primary one that nights judge by; it and `base_set` come with a reference. `fast_path` tells what registration
    found of the way round the DataFrame; whoever loads the model proves it again.
    """

    name: str
    files: tuple[FileEntry, ...]
    signature: Signature
    runtime: str
    libraries: Mapping[str, str]
    estimator_path: tuple[str | int, ...] = ()
    allow: tuple[str, ...] = ()
    accept_version: bool = False
    source: str = ""
    metric: str = ""
    base_set: BaseSet | None = None
    fast_path: Mapping[str, Any] | None = None
    format: int = field(default=FORMAT)

    def to_bytes(self) -> bytes:
        """The canonical JSON that the digest is taken of."""
        return msgspec.json.encode(asdict(self), order="sorted")

    @property
    def digest(self) -> str:
        """Of a manifest made here; one that was read is known by the digest of its own bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def manifest_from_bytes(data: bytes) -> Manifest:
    """Raises CorruptBundleError for anything but a manifest of a format that this version reads."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as problem:
        raise CorruptBundleError(f"The manifest can't be read: {problem}.") from problem
    if manifest.format != FORMAT:
        raise CorruptBundleError(f"The manifest has format {manifest.format}; this version reads {FORMAT}.")
    for entry in manifest.files:
        if Path(entry.path).name != entry.path or entry.path in {"", ".", ".."}:
            raise CorruptBundleError("The manifest names a file outside its bundle.")
    return manifest


def file_entry(path: Path) -> FileEntry:
    return FileEntry(path.name, sha256_of(path), path.stat().st_size)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def verify(folder: Path, digest: str, trust: TrustSet) -> Manifest:
    """Check a bundle's folder against its digest and both signatures, opening no artifact.

    Raises CorruptBundleError for other bytes, UntrustedBundleError for a missing or wrong signature.
    """
    manifest = verify_content(folder, digest)
    for role in ("registration", "admission"):
        trust.verify(role, digest.encode(), read_signature(folder, role))
    return manifest


def verify_content(folder: Path, digest: str) -> Manifest:
    """Check the manifest and every file against the digest. Raises CorruptBundleError."""
    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError as problem:
        raise CorruptBundleError(f"The bundle {digest[:12]} has no manifest.") from problem
    manifest = manifest_from_bytes(check_manifest(data, digest))
    for entry in manifest.files:
        if not holds(folder / entry.path, entry):
            raise CorruptBundleError(
                f"{entry.path} of bundle {digest[:12]} is not the file that was registered."
            )
    return manifest


def check_manifest(data: bytes, digest: str) -> bytes:
    """The bytes themselves, where they are what the digest is of. Raises CorruptBundleError."""
    if hashlib.sha256(data).hexdigest() != digest:
        raise CorruptBundleError(f"The manifest of bundle {digest[:12]} is not the one that was registered.")
    return data


def holds(path: Path, entry: FileEntry) -> bool:
    """Whether the path has exactly the bytes that the entry names; sizes are compared first."""
    return path.is_file() and path.stat().st_size == entry.size and sha256_of(path) == entry.sha256


def read_signature(folder: Path, role: Role) -> DetachedSignature:
    """Raises UntrustedBundleError when the bundle has no readable signature of that role."""
    try:
        return signature_from_bytes((folder / f"{role}.json").read_bytes())
    except OSError as problem:
        raise UntrustedBundleError(f"The bundle has no {role} signature.") from problem


def signature_from_bytes(data: bytes) -> DetachedSignature:
    try:
        return msgspec.json.decode(data, type=DetachedSignature)
    except msgspec.MsgspecError as problem:
        raise UntrustedBundleError("A signature can't be read.") from problem


def signature_to_bytes(signature: DetachedSignature) -> bytes:
    return msgspec.json.encode(signature)


def follow(loaded: Any, path: tuple[str | int, ...]) -> Any:
    """From the unpickled object to the estimator. Raises CorruptBundleError when the path leads nowhere."""
    for step in path:
        try:
            loaded = loaded[step]
        except (KeyError, IndexError, TypeError) as problem:
            raise CorruptBundleError(
                f"The artifact has no {step!r}, where the manifest puts the model."
            ) from problem
    return loaded
