"""What must hold before the first step; and the short way back to who was champion a moment ago."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from lifecycle import clock
from lifecycle.errors import AlreadyExistsError, PicklefleetError
from lifecycle.model_card import find_card
from lifecycle.policy import TrafficPolicy, VersionRef, promoted
from lifecycle.policy_journal import PolicyJournal
from lifecycle.signing import SigningKey
from release.rollout.plan import Plan
from release.rollout.record import Rollout, Rollouts

RECENT_CHAMPIONS = 3


class CannotStartError(PicklefleetError):
    """Something else is under way, or there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A rollout that may start. `recent`: it was champion lately, so that nothing needs to be analysed."""

    rollout: Rollout
    policy: TrafficPolicy
    recent: bool


def prepare(  # noqa: PLR0913 - what a person says, beside the three parts of the store that are asked
    rollouts: Rollouts, journal: PolicyJournal, version: str, plan: Plan, *, by: str, reason: str
) -> Ready:
    """Raises CannotStartError, NotFoundError, and what the policy's own checks raise; changes nothing."""
    policy = journal.newest()
    if policy is None:
        raise CannotStartError("There is no champion yet.", fix=f"Make it one: picklefleet promote {version}")
    entry = journal.registry.version(version)
    challenger = VersionRef(entry.version, entry.digest)
    if challenger == policy.champion:
        raise CannotStartError(f"{version} is champion already.")
    _refuse_what_is_under_way(rollouts, policy)
    journal.check(promoted(policy, challenger))
    card = find_card(journal.registry, challenger.digest, journal.trust)
    known = card if card is not None and card.champion_digest == policy.champion.digest else None
    now = clock.timestamp(clock.now())
    rollout = Rollout(0, challenger, policy.champion, policy.number, plan, now, by, reason)
    if known is not None:
        rollout = replace(rollout, score_distance=known.score_distance, disagreement=known.disagreement)
    return Ready(rollout, policy, challenger.digest in set(_recent_champions(journal, policy)))


def start(rollouts: Rollouts, ready: Ready, key: SigningKey) -> Rollout:
    try:
        return rollouts.start(ready.rollout, key)
    except AlreadyExistsError as problem:
        raise CannotStartError(
            "Somebody else has just started a rollout.", fix="See picklefleet rollout status."
        ) from problem


def go_back(journal: PolicyJournal, ready: Ready, key: SigningKey) -> TrafficPolicy:
    """One entry. Raises CannotStartError when the policy has changed since it was looked at."""
    try:
        return journal.append(
            key,
            ready.policy,
            promoted(ready.policy, ready.rollout.challenger),
            by=ready.rollout.by,
            reason=ready.rollout.reason or "back to a recent champion",
        )
    except AlreadyExistsError as problem:
        raise CannotStartError("Somebody else has just changed the policy.", fix="Look again.") from problem


def _refuse_what_is_under_way(rollouts: Rollouts, policy: TrafficPolicy) -> None:
    open_one = rollouts.open()
    if open_one is not None:
        raise CannotStartError(
            f"Rollout {open_one.number} of {open_one.challenger.version} is under way.",
            fix="See picklefleet rollout status; go on with it by picklefleet rollout resume, or end it by abort.",
        )
    refuse_others(policy)


def refuse_others(policy: TrafficPolicy) -> None:
    """Raises CannotStartError while any version has a part beside the champion."""
    others = [ref.version for ref in policy.versions[1:]]
    if others:
        raise CannotStartError(
            f"{', '.join(others)} has a part in the policy already.",
            fix="End the experiment (picklefleet experiment stop), or take it out: picklefleet policy.",
        )


def _recent_champions(journal: PolicyJournal, policy: TrafficPolicy) -> Iterator[str]:
    """The last ones before this one, each once."""
    seen = [policy.champion.digest]
    for entry in reversed(list(journal.history())):
        if entry.champion.digest not in seen:
            seen.append(entry.champion.digest)
    yield from islice(seen, 1, 1 + RECENT_CHAMPIONS)
