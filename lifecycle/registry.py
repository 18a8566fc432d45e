"""The versions of one model, in the store. Nothing is ever overwritten.

`registry/bundles/<digest>/…` holds the files, the manifest created last; `registry/versions/000007.json` gives a
digest its version number; `control/admissions/<digest>.json` says that it may serve. Which of them do serve is told
by the policy (lifecycle.policy_journal).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from lifecycle import clock, journal
from lifecycle.bundle import (
    MANIFEST,
    BaseSet,
    Manifest,
    check_manifest,
    manifest_from_bytes,
    sha256_of,
    signature_from_bytes,
    signature_to_bytes,
    verify_content,
)
from lifecycle.errors import (
    AlreadyExistsError,
    CorruptBundleError,
    NotFoundError,
    PicklefleetError,
    UntrustedBundleError,
)
from lifecycle.object_store import ObjectStore
from lifecycle.signing import DetachedSignature, SigningKey, TrustSet

FORMAT = 1
_VERSIONS = "versions"


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """`version` is `v` and its number in the journal; `registered_at` is RFC 3339 UTC.

    `request` is the digest of everything that was handed to `register`, so that the same call again is known.
    """

    version: str
    name: str
    digest: str
    registered_at: str
    registered_by: str
    request: str = ""


@dataclass(frozen=True, slots=True)
class Registry:
    """The `registry` area (immutable) and the `control` area (what changes) of one store."""

    objects: ObjectStore
    control: ObjectStore

    def add(
        self, folder: Path, manifest: Manifest, key: SigningKey, *, by: str, request: str = ""
    ) -> VersionEntry:
        """Store a bundle's folder and give it a version; the same content again is the version it has.

        Raises PicklefleetError when the store serves a model of another name, CorruptBundleError when the
        folder is not what its manifest says.
        """
        digest = manifest.digest
        verify_content(folder, digest)
        self._check_name(manifest.name)
        known = self._find(digest)
        if known is not None:
            return known
        prefix = f"bundles/{digest}"
        for entry in manifest.files:
            self._create_once(f"{prefix}/{entry.path}", folder / entry.path)
        self._put_once(f"{prefix}/registration.json", signature_to_bytes(key.sign(digest.encode())))
        self._put_once(f"{prefix}/{MANIFEST}", manifest.to_bytes())
        return self._number(manifest.name, digest, by, request)

    def add_base_set(self, base_set: BaseSet, path: Path) -> None:
        """Keep a labelled reference. Raises CorruptBundleError when the file is not the one that is named."""
        if sha256_of(path) != base_set.sha256:
            raise CorruptBundleError("The base set is not the file that the manifest names.")
        self._create_once(base_set_key(base_set), path)

    def versions(self) -> list[VersionEntry]:
        """All versions, oldest first."""
        return [_version(number, document) for number, document in journal.history(self.objects, _VERSIONS)]

    def version(self, name: str) -> VersionEntry:
        """Raises NotFoundError, naming the versions there are."""
        versions = self.versions()
        for entry in versions:
            if name in {entry.version, entry.digest}:
                return entry
        known = ", ".join(entry.version for entry in versions[-10:]) or "none yet"
        raise NotFoundError(f"There is no version {name!r}.", fix=f"Versions: {known}.")

    def requested(self, request: str) -> VersionEntry | None:
        """The version that the same call to `register` made before, if any."""
        return next((entry for entry in self.versions() if entry.request == request), None)

    def manifest_bytes(self, digest: str) -> bytes:
        """The very bytes that the digest is of. Raises CorruptBundleError for others."""
        return check_manifest(self.objects.get(f"bundles/{digest}/{MANIFEST}"), digest)

    def manifest(self, digest: str) -> Manifest:
        return manifest_from_bytes(self.manifest_bytes(digest))

    def admit(self, entry: VersionEntry, key: SigningKey, trust: TrustSet) -> None:
        """Countersign what may serve. Raises UntrustedBundleError when the registration does not verify."""
        trust.verify("registration", entry.digest.encode(), self.signature(entry.digest, "registration"))
        try:
            self.control.create(_admission(entry.digest), signature_to_bytes(key.sign(entry.digest.encode())))
        except AlreadyExistsError:
            trust.verify("admission", entry.digest.encode(), self.signature(entry.digest, "admission"))

    def is_admitted(self, digest: str) -> bool:
        return self.control.exists(_admission(digest))

    def require_admitted(self, version: str, digest: str) -> None:
        """Raises UntrustedBundleError."""
        if not self.is_admitted(digest):
            raise UntrustedBundleError(
                f"{version} has not been approved.", fix=f"Approve it: picklefleet approve {version}"
            )

    def signature(self, digest: str, role: str) -> DetachedSignature:
        """Raises UntrustedBundleError when there is none."""
        store, path = (
            (self.control, _admission(digest))
            if role == "admission"
            else (self.objects, f"bundles/{digest}/registration.json")
        )
        try:
            return signature_from_bytes(store.get(path))
        except NotFoundError as problem:
            raise UntrustedBundleError(f"Bundle {digest[:12]} has no {role} signature.") from problem

    def _check_name(self, name: str) -> None:
        versions = self.versions()
        if versions and versions[0].name != name:
            raise PicklefleetError(
                f"This store serves the model {versions[0].name!r}; one store prefix serves one model name.",
                fix=f"Give --name {versions[0].name}, or another PICKLEFLEET_STORE for {name!r}.",
            )

    def _find(self, digest: str) -> VersionEntry | None:
        return next((entry for entry in self.versions() if entry.digest == digest), None)

    def _number(self, name: str, digest: str, by: str, request: str) -> VersionEntry:
        document = {"format": FORMAT, "name": name, "digest": digest, "registered_by": by, "request": request}
        document["registered_at"] = clock.timestamp(clock.now())
        return _version(journal.append(self.objects, _VERSIONS, document), document)

    def _create_once(self, key: str, path: Path) -> None:
        try:
            self.objects.create_from_file(key, path)
        except AlreadyExistsError:
            return  # an earlier, interrupted registration of the same bytes

    def _put_once(self, key: str, data: bytes) -> None:
        try:
            self.objects.create(key, data)
        except AlreadyExistsError:
            return


def _version(number: int, document: dict[str, Any]) -> VersionEntry:
    try:
        return msgspec.convert({**document, "version": f"v{number}"}, VersionEntry)
    except msgspec.ValidationError as problem:
        raise CorruptBundleError(f"The entry of v{number} can't be read: {problem}.") from problem


def base_set_key(base_set: BaseSet) -> str:
    """Where it lies in the registry area."""
    return f"datasets/{base_set.sha256}.parquet"


def _admission(digest: str) -> str:
    return f"admissions/{digest}.json"
