import pytest

from lifecycle import clock
from lifecycle.errors import CorruptBundleError
from lifecycle.releases.machine_status import publish, read_all
from tests.release_builders import STEADY, machine
from tests.simulated_store import SimulatedArea


def test_the_newest_word_of_each_machine_counts_and_older_ones_are_taken_away():
    store = SimulatedArea(clock.now)
    for at_ms in (1, 2, 3):
        publish(store, machine(STEADY, "m1", at_ms=at_ms))
    publish(store, machine(STEADY, "m2", at_ms=9))

    assert {name: status.at_ms for name, status in read_all(store).items()} == {"m1": 3, "m2": 9}
    assert len(store.list("machines/m1")) == 2


def test_a_damaged_word_is_named():
    store = SimulatedArea(clock.now)
    store.create("machines/m1/00000001.json", b"{")

    with pytest.raises(CorruptBundleError, match="machines/m1"):
        read_all(store)
