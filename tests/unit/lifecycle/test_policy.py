"""Who answers whom: uniform, sticky, and moved only between the champion and the arm that is changed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.policy import (
    SLOTS,
    Arm,
    PolicyError,
    TrafficPolicy,
    VersionRef,
    assign,
    entry_before,
    promoted,
    rolled_back,
    slot_of,
    with_shadow,
    with_share,
    without,
)

V1, V2, V3, V4 = (VersionRef(f"v{n}", str(n) * 64) for n in range(1, 5))
ALONE = TrafficPolicy(7, V1)
UNITS = [f"unit {n}" for n in range(1_000)]

refs = st.sampled_from([V2, V3, V4])
shares = st.integers(0, 40).map(lambda part: part / 100)


def answered_by(policy):
    return {unit: assign(policy, unit).ref for unit in UNITS}


@st.composite
def policies(draw):
    """A policy after any series of changes of shares; three arms of 40 % may not fit, and then stay as they were."""
    policy = ALONE
    for ref, share in draw(st.lists(st.tuples(refs, shares), max_size=8)):
        try:
            policy = with_share(policy, ref, share)
        except PolicyError:
            continue
    return policy


def test_without_arms_the_champion_answers_everybody():
    assert set(answered_by(ALONE).values()) == {V1}
    assert assign(ALONE, "anybody").arm == "champion"


def test_the_places_of_units_are_uniform():
    """Chi-squared over 20 bins of 40,000 units; 43.8 is exceeded once in a thousand salts."""
    counts = Counter(slot_of("salt", f"u{n}") * 20 // SLOTS for n in range(40_000))

    assert sum((counts[place] - 2_000) ** 2 / 2_000 for place in range(20)) < 43.8


def test_another_salt_is_another_order():
    """Of the units that one salt gives to a 10 % arm, another gives some 10 % to it."""
    first = {unit for unit in UNITS if slot_of("a", unit) < SLOTS // 10}
    again = {unit for unit in first if slot_of("b", unit) < SLOTS // 10}

    assert len(first) // 20 < len(again) < len(first) // 4


@given(st.text(), st.text())
def test_a_unit_keeps_its_place(salt, unit):
    assert slot_of(salt, unit) == slot_of(salt, unit)
    assert 0 <= slot_of(salt, unit) < SLOTS


def test_the_salt_and_the_unit_are_not_confused():
    assert slot_of("ab", "c") != slot_of("a", "bc")


@given(policies(), refs, shares, shares)
def test_raising_a_share_only_adds_units_and_takes_them_from_the_champion(policy, ref, low, high):
    try:
        before = with_share(policy, ref, min(low, high))
        after = with_share(before, ref, max(low, high))
    except PolicyError:
        return
    if not before.arms:  # its salt is drawn with the first arm
        return
    was, now = answered_by(before), answered_by(after)

    assert {(was[unit], now[unit]) for unit in UNITS if was[unit] != now[unit]} <= {(V1, ref)}


@given(policies(), refs, shares, shares)
def test_lowering_a_share_only_gives_units_back_to_the_champion(policy, ref, low, high):
    try:
        before = with_share(policy, ref, max(low, high))
    except PolicyError:
        return
    was, now = answered_by(before), answered_by(with_share(before, ref, min(low, high)))

    assert {(was[unit], now[unit]) for unit in UNITS if was[unit] != now[unit]} <= {(ref, V1)}


@given(policies())
def test_each_arm_answers_its_share(policy):
    """Exactly its number of slots; no slot has two owners, and the champion has the rest."""
    owned = sum(round(arm.share * SLOTS) for arm in policy.arms)

    assert round(policy.champion_share * SLOTS) == SLOTS - owned
    assert sum(end - start for arm in policy.arms for start, end in arm.slots) == owned


@given(policies())
def test_the_units_of_an_arm_are_its_share_of_all(policy):
    """Within five standard deviations of the binomial."""
    counts = Counter(answered_by(policy).values())
    for arm in policy.arms:
        spread = (len(UNITS) * arm.share * (1 - arm.share)) ** 0.5

        assert abs(counts[arm.ref] - len(UNITS) * arm.share) <= 5 * spread + 1


def test_an_arm_may_have_everybody():
    policy = with_share(ALONE, V2, 1)

    assert set(answered_by(policy).values()) == {V2}
    assert policy.champion_share == 0


def test_the_first_arm_draws_a_salt_and_later_changes_keep_it():
    policy = with_share(ALONE, V2, 0.01)

    assert policy.salt
    assert with_share(with_share(policy, V2, 0.5), V3, 0.1).salt == policy.salt
    assert with_share(TrafficPolicy(8, V1), V2, 0.01).salt != policy.salt


@pytest.mark.parametrize("share", [-0.1, 1.1, 1e-9, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(PolicyError, match="neither"):
        with_share(ALONE, V2, share)


def test_shares_that_do_not_fit_are_refused_with_what_the_others_have():
    policy = with_share(ALONE, V2, 0.7)

    with pytest.raises(PolicyError, match=r"70\.0000%"):
        with_share(policy, V3, 0.4)


def test_a_shadow_answers_nobody_and_ends_when_it_gets_a_share():
    shadowed = with_shadow(ALONE, V2)

    assert shadowed.shadows == (V2,)
    assert set(answered_by(shadowed).values()) == {V1}
    assert with_share(shadowed, V2, 0.1).shadows == ()
    assert with_shadow(shadowed, V2).shadows == (V2,)


def test_without_ends_an_arm_and_a_shadow():
    policy = with_shadow(with_share(ALONE, V2, 0.1), V3)

    assert without(without(policy, V2.digest), V3.digest) == ALONE


def test_a_share_of_nothing_ends_the_arm():
    assert with_share(with_share(ALONE, V2, 0.1), V2, 0) == ALONE


def test_a_promotion_ends_all_comparisons_with_the_old_champion():
    policy = with_shadow(with_share(ALONE, V2, 0.1), V3)

    assert promoted(policy, V2) == TrafficPolicy(7, V2)


def test_a_rollback_has_the_old_content_and_a_second_one_goes_on():
    old = with_share(TrafficPolicy(5, V1, by="me", reason="try"), V2, 0.1)
    back = rolled_back(TrafficPolicy(6, V3), old)

    assert (back.arms, back.salt, back.champion, back.restores) == (old.arms, old.salt, V1, 5)
    assert (back.by, back.reason) == ("", "")
    assert entry_before(back) == 4
    assert entry_before(TrafficPolicy(6, V3)) == 5


def test_a_rollback_of_a_promotion_leaves_no_traffic_to_what_was_promoted():
    """Just before it the version had half of the traffic: nobody goes back to that."""
    before = with_share(with_share(TrafficPolicy(5, V1), V2, 0.5), V3, 0.1)

    back = rolled_back(TrafficPolicy(6, V2), before)

    assert [arm.digest for arm in back.arms] == [V3.digest]
    assert (back.champion, back.restores) == (V1, 5)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"shadows": (V1,)}, "once"),
        ({"arms": (Arm("v1", V1.digest, ((0, 5),)),), "salt": "s"}, "once"),
        (
            {"arms": (Arm("v2", V2.digest, ((0, 5),)), Arm("v3", V3.digest, ((4, 6),))), "salt": "s"},
            "overlap",
        ),
        ({"arms": (Arm("v2", V2.digest, ((5, 5),)),), "salt": "s"}, "overlap"),
        ({"arms": (Arm("v2", V2.digest, ((0, SLOTS + 1),)),), "salt": "s"}, "from 0 to"),
        ({"arms": (Arm("v2", V2.digest, ((-1, 3),)),), "salt": "s"}, "from 0 to"),
        ({"arms": (Arm("v2", V2.digest),), "salt": "s"}, "no arm"),
        ({"arms": (Arm("v2", V2.digest, ((0, 5),)),)}, "salt"),
        ({"shadows": tuple(VersionRef(f"v{n}", str(n)) for n in range(10, 18))}, "at most 8"),
    ],
)
def test_a_policy_that_contradicts_itself_can_not_be_made(parts, reason):
    with pytest.raises(PolicyError, match=reason):
        TrafficPolicy(1, V1, **parts)
