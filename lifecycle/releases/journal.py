"""The journal `control/releases/`: each entry is one FleetIntent, signed by the admission key for its own place."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from lifecycle import clock, journal
from lifecycle.errors import AlreadyExistsError, StoreError, StoreUnavailableError, UntrustedBundleError
from lifecycle.object_store import ObjectStore
from lifecycle.releases.intent import FORMAT, FleetIntent
from lifecycle.releases.release import ReleaseError
from lifecycle.signing import DetachedSignature, SigningKey, TrustSet

MAX_ATTEMPTS = 10
_PREFIX = "releases"
_UNSIGNED = DetachedSignature("", "", "admission", "")

Decide = Callable[[FleetIntent | None], FleetIntent]


@dataclass(frozen=True, slots=True)
class ReleaseJournal:
    control: ObjectStore
    trust: TrustSet

    def newest(self, *, known: int = 0) -> FleetIntent | None:
        """The newest entry after number `known`; None where there is none. Raises UntrustedBundleError."""
        found = journal.latest(self.control, _PREFIX, known=known)
        return None if found is None else self._verified(found)

    def history(self) -> Iterator[FleetIntent]:
        """Every entry, oldest first, whoever wrote it: to be shown to a person."""
        return map(_read, journal.history(self.control, _PREFIX))

    def change(self, key: SigningKey, decide: Decide, *, by: str, reason: str) -> FleetIntent:
        """Apply `decide` to the newest intent and write the next; decided anew when somebody else was first.

        Raises whatever `decide` raises, and StoreUnavailableError when others are always faster.
        """
        for _ in range(MAX_ATTEMPTS):
            before = self.newest()
            try:
                return self.append(key, before, decide(before), by=by, reason=reason)
            except AlreadyExistsError:
                continue
        raise StoreUnavailableError(
            "Others change the release faster than this process can.", fix="Try again."
        )

    def append(
        self, key: SigningKey, before: FleetIntent | None, after: FleetIntent, *, by: str, reason: str
    ) -> FleetIntent:
        """The entry that follows `before`. Raises AlreadyExistsError when somebody else was first."""
        number = (0 if before is None else before.number) + 1
        now = clock.timestamp(clock.now())
        unsigned = replace(after, number=number, made_at=now, by=by, reason=reason, signature=None)
        signed = replace(unsigned, signature=key.sign(unsigned.signed_bytes()))
        journal.append(self.control, _PREFIX, signed.to_document(), expected_number=number)
        return signed

    def _verified(self, entry: journal.Entry) -> FleetIntent:
        intent = _read(entry)
        self.trust.verify("admission", intent.signed_bytes(), intent.signature or _UNSIGNED)
        return intent


def intent_from_document(document: dict[str, Any]) -> FleetIntent:
    """Unknown fields are ignored. Raises StoreError for any other shape."""
    if document.get("format") != FORMAT:
        raise StoreError(
            f"The release journal has format {document.get('format')!r}; this release reads format {FORMAT}.",
            fix="Use the release that wrote it, or a newer one.",
        )
    try:
        return msgspec.convert(document, FleetIntent)
    except (msgspec.ValidationError, ReleaseError) as problem:
        raise StoreError(
            f"An entry of the release journal can't be read: {problem}", fix="Restore it."
        ) from problem


def _read(entry: journal.Entry) -> FleetIntent:
    intent = intent_from_document(entry.document)
    if intent.number != entry.number:
        raise UntrustedBundleError(
            f"Entry {entry.number} of the release journal was not signed for its place."
        )
    return intent
