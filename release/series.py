"""What rollouts and experiments leave in `control`: a signed document each, what happened in it, and how it ended."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec

from lifecycle import clock, journal
from lifecycle.errors import AlreadyExistsError, NotFoundError, StoreError, UntrustedBundleError
from lifecycle.object_store import ObjectStore
from lifecycle.signing import DetachedSignature, SigningKey, TrustSet

FORMAT = 1

What = Literal["entered", "paused", "resumed", "promoted", "back", "looked"]
Outcome = Literal["promoted", "back", "aborted", "overtaken"]


class Numbered(Protocol):
    """A frozen dataclass; `signed_bytes` are all of it but the signature."""

    @property
    def number(self) -> int: ...

    @property
    def signature(self) -> DetachedSignature | None: ...

    def signed_bytes(self) -> bytes: ...


T = TypeVar("T", bound=Numbered)


@dataclass(frozen=True, slots=True)
class Event:
    """`evidence`: the judgement that it follows from, where there was one."""

    what: What
    told: str
    at: str
    by: str
    step: str = ""
    policy: int | None = None
    evidence: dict[str, Any] | None = None
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Ended:
    outcome: Outcome
    told: str
    at: str
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Series(Generic[T]):
    """`<name>/walks/` is the journal of the documents, signed for their places; `<name>/events/<number>/` what
    happened in one; `<name>/done/<number>.json` that it ended. One is under way at a time: the newest.
    """

    control: ObjectStore
    trust: TrustSet
    name: str
    kind: type[T]

    def start(self, document: T, key: SigningKey) -> T:
        """As the next one. Raises AlreadyExistsError when somebody else was first."""
        newest = journal.latest(self.control, self._walks)
        numbered: Any = replace(document, number=newest.number + 1 if newest else 1, signature=None)  # type: ignore[type-var]
        signed: Any = replace(numbered, signature=key.sign(numbered.signed_bytes()))
        journal.append(self.control, self._walks, asdict(signed), expected_number=signed.number)
        return signed  # type: ignore[no-any-return]

    def newest(self) -> T | None:
        """Raises UntrustedBundleError for one that no trusted admission key signed for its place."""
        found = journal.latest(self.control, self._walks)
        return None if found is None else self._verified(found)

    def open(self) -> T | None:
        """The one that has not ended."""
        newest = self.newest()
        return None if newest is None or self.ended(newest) else newest

    def history(self) -> Iterator[T]:
        """All, oldest first."""
        for entry in journal.history(self.control, self._walks):
            yield self._verified(entry)

    def ended(self, document: T) -> Ended | None:
        try:
            return msgspec.json.decode(self.control.get(self._done(document)), type=Ended)
        except NotFoundError:
            return None

    def end(self, document: T, outcome: Outcome, told: str) -> Ended:
        """The first word stands."""
        ended = Ended(outcome, told, clock.timestamp(clock.now()))
        try:
            self.control.create(self._done(document), msgspec.json.encode(asdict(ended)))
        except AlreadyExistsError:
            return self.ended(document) or ended
        return ended

    def tell(self, document: T, event: Event) -> None:
        journal.append(self.control, self._events(document), asdict(event))

    def events(self, document: T) -> Iterator[Event]:
        """Oldest first."""
        for _, entry in journal.history(self.control, self._events(document)):
            yield msgspec.convert(entry, Event)

    def paused(self, document: T) -> Event | None:
        """The pause that nobody has ended yet."""
        last = None
        for one in self.events(document):
            if one.what in {"paused", "resumed"}:
                last = one
        return last if last is not None and last.what == "paused" else None

    def _verified(self, entry: journal.Entry) -> T:
        try:
            document = msgspec.convert(entry.document, self.kind)
        except msgspec.ValidationError as problem:
            raise StoreError(
                f"{self.name}, entry {entry.number}, can't be read: {problem}.", fix="Restore it."
            ) from problem
        if document.signature is None or document.number != entry.number:
            raise UntrustedBundleError(f"{self.name}, entry {entry.number}, was not signed for its place.")
        self.trust.verify("admission", document.signed_bytes(), document.signature)
        return document

    @property
    def _walks(self) -> str:
        return f"{self.name}/walks"

    def _done(self, document: T) -> str:
        return f"{self.name}/done/{document.number:06d}.json"

    def _events(self, document: T) -> str:
        return f"{self.name}/events/{document.number:06d}"


def event(what: What, told: str, by: str, **more: Any) -> Event:
    return Event(what, told, clock.timestamp(clock.now()), by, **more)
