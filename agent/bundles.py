"""Bring a bundle from the store into the machine's cache: verified, resumable, never half."""

import shutil

import msgspec

from lifecycle.bundle import MANIFEST, FileEntry, holds, manifest_from_bytes, signature_to_bytes, verify
from lifecycle.errors import CorruptBundleError
from lifecycle.machine import VERSION, Brought, MachineDirectory
from lifecycle.registry import Registry
from lifecycle.signing import TrustSet


def bring(registry: Registry, machine: MachineDirectory, digest: str, trust: TrustSet) -> None:
    """Gather a bundle beside the cache, verify it, and move it in whole. What already came is not fetched again.

    Raises StoreUnavailableError, and BundleError when what the store gave may not be served.
    """
    entry = registry.version(digest)
    incoming = machine.incoming(digest)
    incoming.mkdir(parents=True, exist_ok=True)
    manifest = registry.manifest_bytes(digest)
    for role in ("registration", "admission"):
        signature = registry.signature(digest, role)
        trust.verify(role, digest.encode(), signature)
        (incoming / f"{role}.json").write_bytes(signature_to_bytes(signature))
    for file in manifest_from_bytes(manifest).files:
        _fetch(registry, machine, digest, file)
    brought = Brought(entry.name, entry.version, digest, entry.registered_at)
    (incoming / VERSION).write_bytes(msgspec.json.encode(brought))
    (incoming / MANIFEST).write_bytes(manifest)
    verify(incoming, digest, trust)
    machine.bundles.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(machine.bundle(digest), ignore_errors=True)
    incoming.rename(machine.bundle(digest))


def _fetch(registry: Registry, machine: MachineDirectory, digest: str, entry: FileEntry) -> None:
    path = machine.incoming(digest) / entry.path
    if holds(path, entry):
        return
    registry.objects.get_to_file(f"bundles/{digest}/{entry.path}", path)
    if not holds(path, entry):
        path.unlink(missing_ok=True)
        raise CorruptBundleError(
            f"{entry.path} of bundle {digest[:12]} came from the store with other bytes."
        )
