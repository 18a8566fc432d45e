"""The machine's key set follows the store, never goes back, and is kept when the store is gone."""

import threading
from datetime import timedelta

import pytest

from agent.keys_sync import KeyRounds, sync_keys
from lifecycle import clock, journal
from lifecycle.api_keys import KeySet, make_key
from lifecycle.errors import StoreUnavailableError, UntrustedBundleError
from lifecycle.key_journal import KeyJournal, entry_from_bytes
from lifecycle.machine import MachineDirectory
from lifecycle.metrics import NullMetrics
from tests.fakes import RecordingMetrics


@pytest.fixture
def machine(settings):
    return MachineDirectory(settings.machine_dir)


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


def held(machine):
    return entry_from_bytes(machine.api_keys.read_bytes())


class DeadStore:
    def __getattr__(self, name):
        raise StoreUnavailableError("The store did not answer.")


def test_without_any_key_an_empty_set_is_brought_once(keys_journal, machine):
    assert sync_keys(keys_journal, machine).number == 0
    assert sync_keys(keys_journal, machine) is None
    assert held(machine).key_set == KeySet()


def test_each_change_is_brought_by_the_next_round(keys_journal, machine, add_key):
    sync_keys(keys_journal, machine)
    first = add_key()
    sync_keys(keys_journal, machine)
    assert held(machine).key_set == KeySet.of([first.key])

    second = add_key("other")
    assert sync_keys(keys_journal, machine).number == 2
    assert held(machine).key_set == KeySet.of([first.key, second.key])
    assert sync_keys(keys_journal, machine) is None


def test_a_set_that_may_not_be_believed_changes_nothing(registry, keys_journal, machine, add_key):
    add_key()
    sync_keys(keys_journal, machine)
    before = machine.api_keys.read_bytes()
    journal.append(registry.control, "api-keys", journal.read(registry.control, "api-keys", 1) | {"keys": []})

    with pytest.raises(UntrustedBundleError):
        sync_keys(keys_journal, machine)
    assert machine.api_keys.read_bytes() == before


def test_a_journal_that_lost_its_newest_entry_does_not_bring_the_older_one_back(
    registry, keys_journal, machine, add_key
):
    add_key()
    add_key("other")
    sync_keys(keys_journal, machine)
    registry.control.delete("api-keys/000002.json")

    assert sync_keys(keys_journal, machine) is None
    assert held(machine).number == 2


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": 9}'])
def test_a_damaged_cache_is_brought_anew(keys_journal, machine, add_key, damage):
    new = add_key()
    sync_keys(keys_journal, machine)
    machine.api_keys.write_bytes(damage)

    sync_keys(keys_journal, machine)

    assert held(machine).key_set == KeySet.of([new.key])


def test_with_the_store_gone_the_last_set_is_kept_and_the_pace_slows_to_a_few_seconds(
    keys_journal, machine, add_key, trust
):
    add_key()
    sync_keys(keys_journal, machine)
    before = machine.api_keys.read_bytes()
    metrics = RecordingMetrics()
    stop = Waits(4)

    KeyRounds(DeadStore(), machine, lambda: trust, metrics, "m1").run(8.0, stop)

    assert machine.api_keys.read_bytes() == before
    assert stop.pauses == [16.0, 20.0, 20.0, 20.0]
    assert metrics.counts == {"agent_key_syncs.failed": 4}


def test_however_seldom_bundles_are_looked_for_keys_come_within_a_minute(registry, machine, trust):
    stop = Waits(2)

    KeyRounds(registry.control, machine, lambda: trust, NullMetrics(), "m1").run(3600.0, stop)

    assert stop.pauses == [20.0, 20.0]


def test_a_round_that_went_well_is_counted_for_this_very_machine(registry, machine, trust):
    """Who looks on can tell which machine may still let in a key that was revoked."""
    metrics = RecordingMetrics()

    KeyRounds(registry.control, machine, lambda: trust, metrics, "m1").once()

    assert metrics.counts["agent_keys_confirmed.m1"] == 1


class Waits(threading.Event):
    """Keeps the pauses asked for, and ends the rounds after a number of them."""

    def __init__(self, rounds):
        super().__init__()
        self.pauses = []
        self._rounds = rounds

    def wait(self, timeout=None):
        self.pauses.append(timeout)
        if len(self.pauses) == self._rounds:
            self.set()
        return self.is_set()
