"""Only what was blessed against the champion of today is walked without a person."""

import pytest

from lifecycle import clock
from lifecycle.errors import UntrustedBundleError
from lifecycle.model_card import ModelCard, keep_card
from lifecycle.policy import VersionRef, promoted
from lifecycle.rollout_request import RolloutRequest, ask_for_rollout
from release.rollout.asked import admit, next_asked


@pytest.fixture
def ask(world, versions, keys, registry):
    def run(*, blessed=True, against=None, card=True, key="registration"):
        entry, champion = versions[1], versions[0]
        if card:
            made = ModelCard(
                digest=entry.digest,
                version=entry.version,
                champion_digest=against or champion.digest,
                champion_version=champion.version,
                blessed=blessed,
                reasons=(),
                score_distance=0.07,
                disagreement=0.03,
                lineage={},
                data={},
                comparison={},
                made_at=clock.timestamp(clock.now()),
            )
            keep_card(registry, made, "", keys[key])
        request = RolloutRequest(entry.version, entry.digest, champion.version, "drift", "retrain", "now")
        ask_for_rollout(registry.control, request)
        return request

    return run


def test_a_blessed_challenger_of_today_s_champion_is_next(world, ask):
    assert next_asked(world.rollouts, world.journal) is None
    assert ask() == next_asked(world.rollouts, world.journal)


@pytest.mark.parametrize("wrong", [{"blessed": False}, {"against": "f" * 64}, {"card": False}])
def test_a_request_alone_gives_no_right(world, ask, wrong):
    ask(**wrong)

    assert next_asked(world.rollouts, world.journal) is None


def test_a_card_that_the_wrong_key_signed_is_not_believed(world, ask):
    ask(key="admission")

    with pytest.raises(UntrustedBundleError):
        next_asked(world.rollouts, world.journal)


def test_what_was_walked_once_is_not_walked_again(world, ask):
    ask()
    world.traffic.failing = 9
    world.walk(world.start())

    assert next_asked(world.rollouts, world.journal) is None


def test_a_request_against_an_earlier_champion_has_lapsed(world, ask, versions):
    ask()
    world.journal.change(
        world.key,
        lambda policy: promoted(policy, VersionRef("v2", versions[1].digest)),
        by="tester",
        reason="",
    )

    assert next_asked(world.rollouts, world.journal) is None


def test_the_comparison_s_figures_become_the_gate_s_limits(world, ask):
    ask()
    rollout = world.start()

    assert (rollout.score_distance, rollout.disagreement) == (0.07, 0.03)


def test_the_walker_approves_in_a_person_s_place(world, ask, add, registry):
    third = add(b"third")
    admit(world.journal, RolloutRequest("v3", third.digest, "v1", "", "", ""), world.key)

    assert registry.is_admitted(third.digest)
