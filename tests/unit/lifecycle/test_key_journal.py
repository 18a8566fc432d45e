"""The key set in the store: signed, numbered, and believed only in its own place."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from lifecycle import clock, journal
from lifecycle.api_keys import KeySet, make_key
from lifecycle.errors import StoreError, StoreUnavailableError, UntrustedBundleError
from lifecycle.key_journal import KeyJournal, KeySetEntry, entry_from_bytes, entry_from_document
from lifecycle.signing import TrustSet, create_signing_key, load_trust


@pytest.fixture
def keys_journal(registry, trust):
    return KeyJournal(registry.control, trust)


@pytest.fixture
def add_key(keys_journal, keys):
    def add(owner="shop"):
        new = make_key(owner, ["predict"], clock.now(), lifetime=timedelta(days=1))
        keys_journal.change(
            keys["admission"], lambda held: held.with_key(new.key, clock.now()), by="tester", what="created"
        )
        return new

    return add


def stored(registry, number):
    return journal.read(registry.control, "api-keys", number)


def test_without_an_entry_nobody_has_a_key(keys_journal):
    assert keys_journal.newest() is None
    assert keys_journal.key_set() == KeySet()


def test_each_change_is_an_entry_with_the_whole_set_by_whom_and_what(keys_journal, add_key):
    first, second = add_key(), add_key("other")

    entry = keys_journal.newest()

    assert entry is not None
    assert (entry.number, entry.by, entry.change) == (2, "tester", "created")
    assert entry.key_set == KeySet.of([first.key, second.key])


def test_only_what_is_newer_than_the_known_entry_is_told(keys_journal, add_key):
    add_key()
    assert keys_journal.newest(known=1) is None

    add_key("other")
    assert keys_journal.newest(known=1).number == 2


def test_the_secret_is_nowhere_in_the_store(registry, add_key):
    new = add_key()

    assert new.text.split("_")[2].encode() not in registry.control.get("api-keys/000001.json")


def test_an_entry_is_decided_anew_when_somebody_else_was_first(keys_journal, keys, add_key):
    new = make_key("late", ["read"], clock.now(), lifetime=None)
    seen = []

    def decide(held):
        if not seen:
            add_key("first")
        seen.append(len(held.keys))
        return held.with_key(new.key, clock.now())

    keys_journal.change(keys["admission"], decide, by="tester", what="created")

    assert seen == [0, 1]
    assert {key.owner for key in keys_journal.newest().keys} == {"first", "late"}


def test_who_is_never_first_is_told_to_try_again(keys_journal, keys, add_key):
    owners = iter(range(100))

    def decide(held):
        add_key(f"owner{next(owners)}")
        return held

    with pytest.raises(StoreUnavailableError, match="faster"):
        keys_journal.change(keys["admission"], decide, by="tester", what="nothing")


@pytest.mark.parametrize(
    "change",
    [{"signature": None}, {"by": "mallory"}, {"keys": ()}, {"number": 7}],
    ids=["unsigned", "other author", "other keys", "other number"],
)
def test_an_entry_that_was_touched_is_not_believed(registry, keys_journal, add_key, change):
    add_key()
    touched = replace(entry_from_document(stored(registry, 1)), **change)
    journal.append(registry.control, "api-keys", asdict(touched))

    with pytest.raises(UntrustedBundleError):
        keys_journal.newest()


def test_an_old_entry_put_in_again_as_the_newest_is_not_believed(registry, keys, keys_journal, add_key):
    """Else whoever can write to the store could bring a revoked key back to life."""
    add_key()
    journal.append(registry.control, "api-keys", stored(registry, 1))

    with pytest.raises(UntrustedBundleError, match="not signed for its place"):
        keys_journal.newest()


def test_a_registration_key_can_not_sign_api_keys(registry, trust, keys):
    entry = KeySetEntry(1, (), "", "mallory", "")
    signed = replace(entry, signature=keys["registration"].sign(entry.signed_bytes()))
    journal.append(registry.control, "api-keys", asdict(signed))

    with pytest.raises(UntrustedBundleError):
        KeyJournal(registry.control, trust).newest()


def test_an_unknown_admission_key_is_not_believed(registry, add_key, tmp_path):
    add_key()
    create_signing_key("admission", tmp_path / "other")

    for trust in (TrustSet({}), load_trust(tmp_path / "other")):
        with pytest.raises(UntrustedBundleError):
            KeyJournal(registry.control, trust).newest()


def test_bytes_and_documents_of_another_shape_are_refused():
    for data in (b"", b"[]", b"{}", b'{"format": 2}', b'{"format": 1, "keys": 3}'):
        with pytest.raises(StoreError):
            entry_from_bytes(data)


def test_a_later_release_may_add_fields():
    entry = KeySetEntry(1, (), "at", "by", "change")

    assert entry_from_document({**asdict(entry), "more": 1}) == entry == entry_from_bytes(entry.to_bytes())
