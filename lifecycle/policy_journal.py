"""The journal `control/policy/`: each entry is one TrafficPolicy, signed by the admission key for its own place.

Whoever was champion, and why, stands here and nowhere else. Stores from before it have a journal of the alias
`champion`: its entries are read as policies with the numbers …, -1, 0, and nothing is added to them any more.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from lifecycle import clock, journal
from lifecycle.errors import AlreadyExistsError, StoreError, StoreUnavailableError, UntrustedBundleError
from lifecycle.old_aliases import AliasEntry, champions, check_alias
from lifecycle.policy import (
    FORMAT,
    PolicyError,
    TrafficPolicy,
    VersionRef,
    entry_before,
    promoted,
    rolled_back,
)
from lifecycle.registry import Registry
from lifecycle.same_contract import require_same_contract
from lifecycle.signing import SigningKey, TrustSet

MAX_ATTEMPTS = 10
_PREFIX = "policy"

Decide = Callable[[TrafficPolicy | None], TrafficPolicy]


@dataclass(frozen=True, slots=True)
class PolicyJournal:
    registry: Registry
    trust: TrustSet

    def newest(self, *, known: int = 0) -> TrafficPolicy | None:
        """The newest entry after number `known`: one cheap read when nothing came since. None where there is none.

        Raises UntrustedBundleError for an entry that no trusted admission key signed for this very place.
        """
        found = journal.latest(self.registry.control, _PREFIX, known=max(known, 0))
        if found is None:
            return None if known > 0 else self._newest_alias()
        return self._verified(found)

    def as_of(self, moment: datetime) -> TrafficPolicy | None:
        """What was in force at that moment; None before the first entry. Raises UntrustedBundleError."""
        then = clock.timestamp(moment)
        found = None
        for policy in self.history():
            if policy.made_at <= then:
                found = policy
        if found is None or found.number < 1:
            return None if found is None else self._verified_alias(found.number)
        self._verify(found)
        return found

    def history(self) -> Iterator[TrafficPolicy]:
        """Every entry, oldest first, whoever wrote it: to be shown to a person."""
        aliases = champions(self.registry.control)
        for number, alias in enumerate(aliases, start=1 - len(aliases)):
            yield _policy_of(alias, number)
        for entry in journal.history(self.registry.control, _PREFIX):
            yield _in_its_place(entry)

    def entry(self, number: int) -> TrafficPolicy:
        """Raises NotFoundError, and UntrustedBundleError as `newest` does."""
        if number < 1:
            return self._verified_alias(number)
        document = journal.read(self.registry.control, _PREFIX, number)
        return self._verified(journal.Entry(number, document))

    def change(self, key: SigningKey, decide: Decide, *, by: str, reason: str) -> TrafficPolicy:
        """Apply `decide` to the newest policy and write the next; decided anew when somebody else was first.

        Answers what is in force then: a decision that changes nothing writes nothing. Raises whatever `decide` and
        `check` raise, and StoreUnavailableError when others are always faster.
        """
        for _ in range(MAX_ATTEMPTS):
            before = self.newest()
            after = decide(before)
            if before is not None and _content(after) == _content(before):
                return before
            try:
                return self.append(key, before, after, by=by, reason=reason)
            except AlreadyExistsError:
                continue
        raise StoreUnavailableError(
            "Others change the policy faster than this process can.", fix="Try again."
        )

    def append(
        self, key: SigningKey, before: TrafficPolicy | None, after: TrafficPolicy, *, by: str, reason: str
    ) -> TrafficPolicy:
        """The entry that follows `before`, checked. Raises AlreadyExistsError when somebody else was first."""
        self.check(after)
        number = max(0 if before is None else before.number, 0) + 1
        now = clock.timestamp(clock.now())
        unsigned = replace(after, number=number, made_at=now, by=by, reason=reason, signature=None)
        signed = replace(unsigned, signature=key.sign(unsigned.signed_bytes()))
        journal.append(self.registry.control, _PREFIX, asdict(signed), expected_number=number)
        return signed

    def promote(self, key: SigningKey, champion: VersionRef, *, by: str, reason: str) -> TrafficPolicy:
        """One entry: that version answers everybody."""
        return self.change(key, lambda now: promoted(now, champion), by=by, reason=reason)

    def roll_back(self, key: SigningKey, *, by: str, reason: str) -> TrafficPolicy:
        """One entry back, in one entry: nothing is analysed. Raises PolicyError where there is nothing before."""
        return self.change(key, self._one_back, by=by, reason=reason)

    def before_this(self) -> TrafficPolicy:
        """What a rollback would put in force. Raises PolicyError where there is nothing before."""
        return self._one_back(self.newest())

    def _one_back(self, now: TrafficPolicy | None) -> TrafficPolicy:
        if now is None or entry_before(now) < self._oldest():
            raise PolicyError(
                "There is no earlier policy to go back to.", fix="See picklefleet policy history."
            )
        return rolled_back(now, self.entry(entry_before(now)))

    def check(self, policy: TrafficPolicy) -> None:
        """Whether its versions may serve, and side by side. What was in force before was checked then.

        Raises UntrustedBundleError for one that was not approved, PolicyError for another contract or runtime.
        """
        if policy.restores is not None:
            return
        for ref in policy.versions:
            self.registry.require_admitted(ref.version, ref.digest)
        champion = self.registry.manifest(policy.champion.digest)
        for ref in policy.versions[1:]:
            other = self.registry.manifest(ref.digest)
            if other.runtime != champion.runtime:
                raise PolicyError(
                    f"{ref.version} runs in {other.runtime}, the champion {policy.champion.version} in {champion.runtime}.",
                    fix="Another runtime is a release of its own (colours), never a rollout.",
                )
            require_same_contract(policy.champion, champion.signature, ref, other.signature)

    def _oldest(self) -> int:
        return 1 - len(champions(self.registry.control))

    def _newest_alias(self) -> TrafficPolicy | None:
        return self._verified_alias(0) if champions(self.registry.control) else None

    def _verified_alias(self, number: int) -> TrafficPolicy:
        alias = champions(self.registry.control)[number - 1]
        check_alias(alias, self.trust)
        return _policy_of(alias, number)

    def _verified(self, entry: journal.Entry) -> TrafficPolicy:
        policy = _in_its_place(entry)
        self._verify(policy)
        return policy

    def _verify(self, policy: TrafficPolicy) -> None:
        try:
            self.trust.verify("admission", policy.signed_bytes(), policy.signature)
        except UntrustedBundleError as problem:
            raise UntrustedBundleError(
                f"Entry {policy.number} of the policy may not be believed. {problem.message}",
                fix="Where the key that signed it was revoked on purpose, promote a version anew.",
            ) from problem


def policy_from_document(document: dict[str, Any]) -> TrafficPolicy:
    """Unknown fields are ignored. Raises StoreError for any other shape."""
    if document.get("format") != FORMAT:
        raise StoreError(
            f"The policy has format {document.get('format')!r}; this release reads format {FORMAT}.",
            fix="Use the release that wrote it, or a newer one.",
        )
    try:
        return msgspec.convert(document, TrafficPolicy)
    except (msgspec.ValidationError, PolicyError) as problem:
        raise StoreError(f"An entry of the policy can't be read: {problem}", fix="Restore it.") from problem


def _in_its_place(entry: journal.Entry) -> TrafficPolicy:
    policy = policy_from_document(entry.document)
    if policy.number != entry.number:
        raise UntrustedBundleError(f"Entry {entry.number} of the policy was not signed for its place.")
    return policy


def _policy_of(alias: AliasEntry, number: int) -> TrafficPolicy:
    champion = VersionRef(alias.version, alias.digest)
    return TrafficPolicy(number, champion, made_at=alias.at, by=alias.by, reason=alias.reason)


def _content(policy: TrafficPolicy) -> tuple[Any, ...]:
    return policy.champion, policy.arms, policy.shadows, policy.salt
