"""Rollouts that retraining asks for: walked only where the settings say so, and only what was blessed."""

from collections.abc import Iterator

from lifecycle.model_card import find_card
from lifecycle.policy import TrafficPolicy
from lifecycle.policy_journal import PolicyJournal
from lifecycle.rollout_request import RolloutRequest, asked_rollouts
from lifecycle.signing import SigningKey
from release.rollout.record import Rollouts


def next_asked(rollouts: Rollouts, journal: PolicyJournal) -> RolloutRequest | None:
    """The newest request that still makes sense: against the champion of today, and not walked before."""
    policy = journal.newest()
    if policy is None:
        return None
    walked = {rollout.challenger.digest for rollout in rollouts.history()}
    open_ones = [one for one in _sound(journal, policy) if one.digest not in walked]
    return open_ones[-1] if open_ones else None


def admit(journal: PolicyJournal, asked: RolloutRequest, key: SigningKey) -> None:
    """What a person does by `picklefleet approve`, done by the walker: the settings allow it."""
    journal.registry.admit(journal.registry.version(asked.digest), key, journal.trust)


def _sound(journal: PolicyJournal, policy: TrafficPolicy) -> Iterator[RolloutRequest]:
    """A request gives no right: the signed card of the version must say that it was blessed against this champion."""
    for asked in asked_rollouts(journal.registry.control):
        card = find_card(journal.registry, asked.digest, journal.trust)
        if card is not None and card.blessed and card.champion_digest == policy.champion.digest:
            yield asked
