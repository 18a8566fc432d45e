"""The journal `control/api-keys/`: each entry is the whole key set, signed by the admission key.

A signed entry knows its own number, so that none can be put in another's place; whoever holds a newer one
(a machine's cache) never goes back to an older.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import msgspec

from lifecycle import clock, journal
from lifecycle.api_keys import ApiKey, KeySet
from lifecycle.errors import AlreadyExistsError, StoreError, StoreUnavailableError, UntrustedBundleError
from lifecycle.object_store import ObjectStore
from lifecycle.signing import DetachedSignature, SigningKey, TrustSet, bytes_to_sign

FORMAT = 1
MAX_ATTEMPTS = 10
_PREFIX = "api-keys"


@dataclass(frozen=True, slots=True)
class KeySetEntry:
    """The key set from `at` on, what changed, and by whom; the same bytes lie in a machine's cache."""

    number: int
    keys: tuple[ApiKey, ...]
    at: str
    by: str
    change: str
    signature: DetachedSignature | None = None
    kind: Literal["api-keys"] = "api-keys"
    format: int = FORMAT

    @property
    def key_set(self) -> KeySet:
        return KeySet.of(self.keys)

    def signed_bytes(self) -> bytes:
        return bytes_to_sign(self)

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(asdict(self), order="sorted")


NONE_YET = KeySetEntry(0, (), "", "", "no key was made yet")


@dataclass(frozen=True, slots=True)
class KeyJournal:
    control: ObjectStore
    trust: TrustSet

    def newest(self, *, known: int = 0) -> KeySetEntry | None:
        """The newest entry after number `known`; None when nothing came since.

        Raises UntrustedBundleError for an entry that no trusted admission key signed for this very place.
        """
        entry = self.unverified(known=known)
        if entry is not None:
            self._verify(entry)
        return entry

    def unverified(self, *, known: int = 0) -> KeySetEntry | None:
        """The same, whoever wrote it: to be shown to a person, and to nobody else."""
        found = journal.latest(self.control, _PREFIX, known=known)
        if found is None:
            return None
        entry = entry_from_document(found.document)
        if entry.number != found.number:
            raise UntrustedBundleError(f"Entry {found.number} of the API keys was not signed for its place.")
        return entry

    def key_set(self) -> KeySet:
        return (self.newest() or NONE_YET).key_set

    def change(self, key: SigningKey, decide: Callable[[KeySet], KeySet], *, by: str, what: str) -> None:
        """Apply `decide` to the newest set and write the next; decided anew when somebody else was first.

        Raises whatever `decide` raises, and StoreUnavailableError when others are always faster.
        """
        for _ in range(MAX_ATTEMPTS):
            before = self.newest() or NONE_YET
            try:
                self.append(key, before, decide(before.key_set), by=by, what=what)
            except AlreadyExistsError:
                continue
            return
        raise StoreUnavailableError(
            "Others change the API keys faster than this process can.", fix="Try again."
        )

    def append(self, key: SigningKey, before: KeySetEntry, after: KeySet, *, by: str, what: str) -> None:
        """The entry that follows `before`. Raises AlreadyExistsError when somebody else was first."""
        now = clock.timestamp(clock.now())
        unsigned = KeySetEntry(before.number + 1, tuple(after.keys.values()), now, by, what)
        signed = replace(unsigned, signature=key.sign(unsigned.signed_bytes()))
        journal.append(self.control, _PREFIX, asdict(signed), expected_number=signed.number)

    def _verify(self, entry: KeySetEntry) -> None:
        try:
            self.trust.verify("admission", entry.signed_bytes(), entry.signature)
        except UntrustedBundleError as problem:
            raise UntrustedBundleError(
                f"Entry {entry.number} of the API keys may not be believed. {problem.message}",
                fix="Where the key that signed it was revoked on purpose, look through the API keys and sign them"
                " anew: picklefleet keys sign",
            ) from problem


def entry_from_document(document: dict[str, Any]) -> KeySetEntry:
    """Unknown fields are ignored. Raises StoreError for any other shape."""
    if document.get("format") != FORMAT:
        raise StoreError(
            f"The API keys have format {document.get('format')!r}; this release reads format {FORMAT}.",
            fix="Use the release that wrote them, or a newer one.",
        )
    try:
        return msgspec.convert(document, KeySetEntry)
    except msgspec.ValidationError as problem:
        raise StoreError("An entry of the API keys can't be read.", fix="Restore it.") from problem


def entry_from_bytes(data: bytes) -> KeySetEntry:
    """Raises StoreError."""
    try:
        document = msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.MsgspecError as problem:
        raise StoreError("The API keys are no JSON object.", fix="Restore them.") from problem
    return entry_from_document(document)
