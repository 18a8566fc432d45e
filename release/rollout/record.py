"""What a rollout leaves in the store, in `control`: what was planned, what happened, and how it ended.

`rollouts/walks/` is the journal of rollouts, signed; `rollouts/events/<number>/` what happened in one, with the
evidence; `rollouts/done/<number>.json` that it ended. Where it is, the policy says and nothing else.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import msgspec

from lifecycle import clock, journal
from lifecycle.errors import AlreadyExistsError, NotFoundError, StoreError, UntrustedBundleError
from lifecycle.object_store import ObjectStore
from lifecycle.policy import VersionRef
from lifecycle.signing import DetachedSignature, SigningKey, TrustSet
from release.rollout.plan import Plan

FORMAT = 1
_WALKS = "rollouts/walks"

What = Literal["entered", "paused", "resumed", "promoted", "back", "ended"]
Outcome = Literal["promoted", "back", "aborted", "overtaken"]


@dataclass(frozen=True, slots=True)
class Rollout:
    """`base`: the policy's number before the first step. `score_distance`, `disagreement`: what retraining found."""

    number: int
    challenger: VersionRef
    champion: VersionRef
    base: int
    plan: Plan
    started_at: str
    by: str
    reason: str = ""
    score_distance: float | None = None
    disagreement: float | None = None
    signature: DetachedSignature | None = field(default=None, compare=False)
    format: int = FORMAT

    def signed_bytes(self) -> bytes:
        return msgspec.json.encode(asdict(replace(self, signature=None)), order="sorted")


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
class Rollouts:
    control: ObjectStore
    trust: TrustSet

    def start(self, rollout: Rollout, key: SigningKey) -> Rollout:
        """As the next one. Raises AlreadyExistsError when somebody else was first."""
        newest = journal.latest(self.control, _WALKS)
        numbered = replace(rollout, number=newest.number + 1 if newest else 1, signature=None)
        signed = replace(numbered, signature=key.sign(numbered.signed_bytes()))
        journal.append(self.control, _WALKS, asdict(signed), expected_number=signed.number)
        return signed

    def newest(self) -> Rollout | None:
        """Raises UntrustedBundleError for one that no trusted admission key signed for its place."""
        found = journal.latest(self.control, _WALKS)
        return None if found is None else self._verified(found)

    def open(self) -> Rollout | None:
        """The one that has not ended."""
        newest = self.newest()
        return None if newest is None or self.ended(newest) else newest

    def history(self) -> Iterator[Rollout]:
        """All, oldest first."""
        for entry in journal.history(self.control, _WALKS):
            yield self._verified(entry)

    def ended(self, rollout: Rollout) -> Ended | None:
        try:
            return msgspec.json.decode(self.control.get(_done(rollout)), type=Ended)
        except NotFoundError:
            return None

    def end(self, rollout: Rollout, outcome: Outcome, told: str) -> Ended:
        """The first word stands."""
        ended = Ended(outcome, told, clock.timestamp(clock.now()))
        try:
            self.control.create(_done(rollout), msgspec.json.encode(asdict(ended)))
        except AlreadyExistsError:
            return self.ended(rollout) or ended
        return ended

    def tell(self, rollout: Rollout, event: Event) -> None:
        journal.append(self.control, _events(rollout), asdict(event))

    def events(self, rollout: Rollout) -> Iterator[Event]:
        """Oldest first."""
        for _, document in journal.history(self.control, _events(rollout)):
            yield msgspec.convert(document, Event)

    def paused(self, rollout: Rollout) -> Event | None:
        """The pause that nobody has ended yet."""
        last = None
        for event in self.events(rollout):
            if event.what in {"paused", "resumed"}:
                last = event
        return last if last is not None and last.what == "paused" else None

    def _verified(self, entry: journal.Entry) -> Rollout:
        try:
            rollout = msgspec.convert(entry.document, Rollout)
        except msgspec.ValidationError as problem:
            raise StoreError(
                f"Rollout {entry.number} can't be read: {problem}.", fix="Restore it."
            ) from problem
        if rollout.signature is None or rollout.number != entry.number:
            raise UntrustedBundleError(f"Rollout {entry.number} was not signed for its place.")
        self.trust.verify("admission", rollout.signed_bytes(), rollout.signature)
        return rollout


def event(what: What, told: str, by: str, **more: Any) -> Event:
    return Event(what, told, clock.timestamp(clock.now()), by, **more)


def _done(rollout: Rollout) -> str:
    return f"rollouts/done/{rollout.number:06d}.json"


def _events(rollout: Rollout) -> str:
    return f"rollouts/events/{rollout.number:06d}"
