"""What a key looks like, what is kept of it, and whom it lets in."""

import re
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import api_keys
from lifecycle.api_keys import Caller, KeySet, NewKey, Refusal, claimed_id, make_key, with_checksum
from lifecycle.errors import NotFoundError, PicklefleetError

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def made(owner: str = "shop", lifetime: timedelta | None = 90 * DAY, label: str = "default") -> NewKey:
    return make_key(owner, ["predict", "feedback"], NOW, label=label, lifetime=lifetime)


def key_set(*keys: NewKey) -> KeySet:
    return KeySet.of(one.key for one in keys)


def with_other_secret(text: str) -> str:
    return with_checksum(f"{text[:16]}{'0' * 64}")


def test_a_key_has_256_secret_bits_between_its_id_and_its_checksum():
    text = made().text

    assert re.fullmatch(r"pf_[0-9a-f]{12}_[0-9a-f]{64}_[0-9a-f]{8}", text)
    assert len({made().text for _ in range(20)}) == 20


def test_nothing_that_is_kept_or_shown_holds_the_secret():
    new = made()
    secret = new.text.split("_")[2]

    assert secret not in repr(new) + repr(new.key) + "".join(map(str, vars_of(new.key)))
    assert new.key.digest not in repr(new.key)


def vars_of(key: api_keys.ApiKey) -> list[object]:
    return [getattr(key, name) for name in key.__slots__]


def test_the_key_lets_its_owner_in_with_its_scopes():
    new = made()

    caller = key_set(made(), new).authenticate(new.text, NOW)

    assert caller == Caller("shop", new.key.key_id, frozenset({"predict", "feedback"}))


def test_each_refusal_is_told_apart_where_the_secret_is_right_or_the_form_is_wrong():
    live, ended, revoked = made(), made(lifetime=DAY), made("other")
    keys = key_set(live, ended, revoked).revoke(revoked.key.key_id, NOW)

    refusals = {
        text: keys.authenticate(text, NOW + DAY)
        for text in (None, "", "secret", made().text, with_other_secret(live.text), ended.text, revoked.text)
    }

    assert list(refusals.values()) == [
        Refusal.MISSING,
        Refusal.MISSING,
        Refusal.MALFORMED,
        Refusal.UNKNOWN,
        Refusal.UNKNOWN,
        Refusal.EXPIRED,
        Refusal.REVOKED,
    ]


@pytest.mark.parametrize("state", ["live", "expired", "revoked"])
def test_without_the_secret_nothing_is_learnt_of_a_keys_state(state):
    new = made(lifetime=DAY if state == "expired" else None)
    keys = key_set(new)
    if state == "revoked":
        keys = keys.revoke(new.key.key_id, NOW)

    assert keys.authenticate(with_other_secret(new.text), NOW + 2 * DAY) is Refusal.UNKNOWN


def test_an_unknown_id_takes_the_very_path_of_a_wrong_secret(monkeypatch):
    """Equal in structure, so equal in time: one hash of the same text, one comparison of 64 with 64 characters."""
    new, steps = made(), []
    monkeypatch.setattr(api_keys, "_digest", lambda text: steps.append(("hash", len(text))) or "f" * 64)
    monkeypatch.setattr(
        api_keys.hmac, "compare_digest", lambda a, b: steps.append(("compare", len(a), len(b))) or a == b
    )

    def path(text: str) -> list[tuple[object, ...]]:
        steps.clear()
        assert key_set(new).authenticate(text, NOW) is Refusal.UNKNOWN
        return list(steps)

    wrong_secret = path(with_other_secret(new.text))
    assert wrong_secret == path(made().text) == [("hash", len(new.text)), ("compare", 64, 64)]


@given(st.data())
def test_every_single_typo_is_seen_by_the_checksum(data):
    text = made().text
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters + string.digits + "_- \n"))
    mistyped = text[:place] + letter + text[place + 1 :]

    assert claimed_id(mistyped) == (text[3:15] if mistyped == text else None)


@given(st.text(max_size=120))
def test_no_text_makes_it_raise_or_lets_anybody_in(text):
    assert isinstance(key_set(made()).authenticate(text, NOW), Refusal)


def test_a_key_ends_at_its_expiry_to_the_moment():
    new = made(lifetime=DAY)
    just_before = NOW + DAY - timedelta(milliseconds=1)

    assert isinstance(key_set(new).authenticate(new.text, just_before), Caller)
    assert key_set(new).authenticate(new.text, NOW + DAY) is Refusal.EXPIRED


def test_an_owner_has_two_live_keys_of_a_label_and_no_third():
    first, second, third = made(), made(), made()
    keys = KeySet().with_key(first.key, NOW).with_key(second.key, NOW)

    with pytest.raises(PicklefleetError, match=f"2 live keys.*{first.key.key_id}") as caught:
        keys.with_key(third.key, NOW)
    assert f"keys revoke {first.key.key_id}" in caught.value.fix
    assert len(keys.revoke(first.key.key_id, NOW).with_key(third.key, NOW).live("shop", "default", NOW)) == 2


def test_dead_keys_do_not_count_and_neither_do_those_of_another_label_or_owner():
    keys = key_set(made(lifetime=DAY), made(lifetime=DAY), made(label="batch"), made("other"))

    assert len(keys.with_key(made().key, NOW + DAY).live("shop", "default", NOW + DAY)) == 1


def test_rotation_leaves_both_keys_alive_until_the_overlap_ends():
    old, new = made(lifetime=None), made()
    keys = key_set(old).rotate(old.key.key_id, new.key, NOW, 7 * DAY)

    assert isinstance(keys.authenticate(old.text, NOW + 6 * DAY), Caller)
    assert keys.authenticate(old.text, NOW + 7 * DAY) is Refusal.EXPIRED
    assert isinstance(keys.authenticate(new.text, NOW + 8 * DAY), Caller)


def test_rotation_never_lengthens_a_keys_life():
    old = made(lifetime=DAY)
    keys = key_set(old).rotate(old.key.key_id, made().key, NOW, 7 * DAY)

    assert keys.keys[old.key.key_id].expires_at == old.key.expires_at


def test_a_dead_key_is_not_rotated_and_an_unknown_one_not_revoked():
    old = made(lifetime=DAY)

    with pytest.raises(PicklefleetError, match=f"{old.key.key_id} is expired"):
        key_set(old).rotate(old.key.key_id, made().key, NOW + DAY, DAY)
    with pytest.raises(NotFoundError, match="no key 'abc'"):
        key_set(old).revoke("abc", NOW)


def test_revoking_twice_keeps_the_first_time():
    new = made()
    once = key_set(new).revoke(new.key.key_id, NOW)

    assert once.revoke(new.key.key_id, NOW + DAY) == once


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 65, "a\n", "ä"])
def test_a_name_that_could_confuse_a_log_or_a_path_is_refused(name):
    with pytest.raises(PicklefleetError, match="owner can't be named"):
        made(owner=name)
    with pytest.raises(PicklefleetError, match="label can't be named"):
        made(label=name)
