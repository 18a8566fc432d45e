from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.releases.intent import (
    ColourIntent,
    FleetIntent,
    assigned,
    back,
    promoted,
    retired,
    shared,
    smoked,
)
from lifecycle.releases.journal import intent_from_document
from lifecycle.releases.release import Release, ReleaseError
from tests.release_builders import NEW, OLD, SMOKE, STARTING, STEADY

CANARY = shared(SMOKE, 1, "canary")
WARM = promoted(CANARY)


def test_the_first_release_gets_all_clients():
    assert (STEADY.weight("blue"), STEADY.weight("green")) == (100, 0)
    assert not STEADY.walking


def test_a_release_goes_to_the_idle_colour_and_gets_no_client_at_first():
    assert STARTING.release("green") == NEW
    assert STARTING.weight("green") == 0
    assert STARTING.live == "blue"


def test_a_canary_takes_its_share_from_the_live_colour():
    assert (CANARY.weight("blue"), CANARY.weight("green")) == (99, 1)


def test_promotion_makes_the_idle_colour_live_and_keeps_the_other_warm():
    assert (WARM.live, WARM.weight("green"), WARM.weight("blue")) == ("green", 100, 0)
    assert WARM.release("blue") == OLD
    assert not WARM.walking


def test_during_a_walk_the_way_back_is_to_the_live_colour_and_after_it_to_the_warm_one():
    assert (back(CANARY).live, back(CANARY).weight("blue")) == ("blue", 100)
    assert (back(WARM).live, back(WARM).weight("blue")) == ("blue", 100)


def test_whoever_goes_back_twice_does_not_meet_again_what_he_went_away_from():
    for gone in (back(WARM), back(CANARY)):
        with pytest.raises(ReleaseError, match="went back to blue already") as refused:
            back(gone)
        assert "release promote" in refused.value.fix

    assert promoted(back(WARM)).weight("green") == 100  # the way that is told


def test_a_retired_colour_runs_nothing():
    assert retired(WARM).release("blue") is None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: assigned(CANARY, Release("r3", "i", "r"), "walk-2"), "under way"),
        (lambda: assigned(STEADY, OLD, "walk-2"), "runs already"),
        (lambda: promoted(STEADY), "runs no release"),
        (lambda: back(STEADY), "nothing to go back to"),
        (lambda: retired(CANARY), "needs green"),
        (lambda: shared(SMOKE, 100, "canary"), "between 0 and 100"),
        (
            lambda: replace(STEADY, colours={"blue": ColourIntent(OLD, 60), "green": ColourIntent(NEW, 60)}),
            "add up",
        ),
        (
            lambda: replace(STEADY, colours={"blue": ColourIntent(OLD, 50), "green": ColourIntent(None, 50)}),
            "no release",
        ),
        (lambda: Release("", "image", "runtime"), "needs a name"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(wrong, told):
    with pytest.raises(ReleaseError, match=told):
        wrong()


MOVES = [
    lambda i: assigned(i, NEW if i.release(i.live) == OLD else OLD, "w"), smoked,
    lambda i: shared(i, 1, "canary"), lambda i: shared(i, 50, "half"), promoted, back, retired,
]  # fmt: skip


@given(st.lists(st.sampled_from(MOVES), max_size=12))
def test_whatever_is_done_in_whatever_order_all_clients_have_a_colour_that_runs_a_release(moves):
    intent = STEADY
    for move in moves:
        try:
            intent = move(intent)
        except ReleaseError:
            continue

    assert sum(intent.weight(colour) for colour in ("blue", "green")) == 100
    assert all(intent.release(c) is not None for c in ("blue", "green") if intent.weight(c))


def test_an_intent_survives_the_store():
    assert intent_from_document({**CANARY.to_document(), "from_the_future": 1}) == CANARY
    assert isinstance(intent_from_document(STEADY.to_document()), FleetIntent)


def test_the_same_content_is_the_same_release():
    assert Release("r2", "image-2", "sklearn-1.9", formats=NEW.formats).id == NEW.id
    assert replace(NEW, image="image-3").id != NEW.id
