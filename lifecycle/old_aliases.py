"""The journal `control/aliases/` of stores from before the policy: read, and never written any more.

Its alias `champion` said who served; docs/decisions/0013 tells what became of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from lifecycle import journal
from lifecycle.errors import CorruptBundleError, UntrustedBundleError
from lifecycle.object_store import ObjectStore
from lifecycle.signing import DetachedSignature, TrustSet, bytes_to_sign

CHAMPION = "champion"
PREFIX = "aliases"


@dataclass(frozen=True, slots=True)
class AliasEntry:
    """What an alias means from `at` on. `signature` is by the admission key over everything else."""

    alias: str
    version: str
    digest: str
    at: str
    by: str
    reason: str
    signature: DetachedSignature | None = None

    def signed_bytes(self) -> bytes:
        return bytes_to_sign(self)


def champions(control: ObjectStore) -> list[AliasEntry]:
    """Every champion of those days, oldest first, whoever wrote it."""
    return [entry for entry in _entries(control) if entry.alias == CHAMPION]


def check_alias(entry: AliasEntry, trust: TrustSet) -> None:
    """Raises UntrustedBundleError unless a trusted admission key signed the entry."""
    if entry.signature is None:
        raise UntrustedBundleError(f"The alias {entry.alias!r} is not signed.")
    trust.verify("admission", entry.signed_bytes(), entry.signature)


def _from_document(document: dict[str, Any]) -> AliasEntry:
    try:
        return msgspec.convert(document, AliasEntry)
    except msgspec.ValidationError as problem:
        raise CorruptBundleError(f"An alias entry can't be read: {problem}.") from problem


def _entries(control: ObjectStore) -> Iterator[AliasEntry]:
    for _, document in journal.history(control, PREFIX):
        yield _from_document(document)
