"""Bring what this machine shall serve from the store into its cache: verified, resumable, never half."""

import shutil
from dataclasses import dataclass
from typing import Literal

import msgspec

from lifecycle.bundle import MANIFEST, FileEntry, holds, manifest_from_bytes, signature_to_bytes, verify
from lifecycle.errors import CorruptBundleError
from lifecycle.machine import VERSION, MachineDirectory, Serving
from lifecycle.registry import CHAMPION, AliasEntry, Registry
from lifecycle.signing import TrustSet

Change = Literal["no-champion", "unchanged", "switched"]


@dataclass(frozen=True, slots=True)
class Synced:
    """What one round found and did."""

    change: Change
    serving: Serving | None


def sync(registry: Registry, machine: MachineDirectory, trust: TrustSet) -> Synced:
    """One round: look up the champion, bring and verify its bundle, then point the machine at it.

    Raises StoreUnavailableError when the store does not answer and BundleError when what it gave may not be
    served; the machine keeps what it had in either case.
    """
    champion = registry.alias(CHAMPION, trust)
    current = machine.serving()
    if champion is None:
        return Synced("no-champion", current)
    if current is not None and current.digest == champion.digest and machine.holds(champion.digest):
        return Synced("unchanged", current)
    serving = _serving(registry, champion)
    if not machine.holds(champion.digest):
        bring(registry, machine, serving, trust)
    machine.serve(serving)
    return Synced("switched", serving)


def bring(registry: Registry, machine: MachineDirectory, wanted: Serving, trust: TrustSet) -> None:
    """Gather a bundle beside the cache, verify it, and move it in whole. What already came is not fetched again."""
    digest = wanted.digest
    incoming = machine.incoming(digest)
    incoming.mkdir(parents=True, exist_ok=True)
    manifest = registry.manifest_bytes(digest)
    for role in ("registration", "admission"):
        signature = registry.signature(digest, role)
        trust.verify(role, digest.encode(), signature)
        (incoming / f"{role}.json").write_bytes(signature_to_bytes(signature))
    for entry in manifest_from_bytes(manifest).files:
        _fetch(registry, machine, digest, entry)
    (incoming / VERSION).write_bytes(msgspec.json.encode(wanted))
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


def _serving(registry: Registry, champion: AliasEntry) -> Serving:
    entry = registry.version(champion.digest)
    return Serving(entry.name, entry.version, entry.digest, entry.registered_at)
