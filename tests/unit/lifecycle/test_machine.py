"""The machine's directory: what to serve, and which bundles are whole."""

import json

import pytest

from lifecycle.atomic_file import write_atomically
from lifecycle.errors import CorruptBundleError
from lifecycle.machine import MachineDirectory, Serving
from lifecycle.policy import TrafficPolicy, VersionRef


@pytest.fixture
def machine(tmp_path):
    return MachineDirectory(tmp_path)


def test_a_new_machine_serves_nothing(machine):
    assert machine.serving() is None
    assert machine.digests() == []


def test_what_to_serve_is_remembered(machine):
    policy = TrafficPolicy(3, VersionRef("v3", "ab" * 32), shadows=(VersionRef("v4", "cd" * 32),))
    machine.serve(Serving.of("flights", policy))

    assert machine.serving() == Serving.of("flights", policy)
    assert machine.serving().traffic == policy


def test_what_is_wanted_changes_nothing_until_it_is_served(machine):
    wanted = Serving("flights", "v3", "ab" * 32)
    machine.want(wanted)

    assert (machine.serving(), machine.wanted()) == (None, wanted)
    machine.want(None)
    assert machine.wanted() is None


def test_a_machine_that_an_older_release_left_serves_its_champion(machine):
    old = {"name": "flights", "version": "v3", "digest": "ab" * 32, "registered_at": "2013", "format": 1}
    write_atomically(machine.root / "cache" / "serving.json", json.dumps(old).encode())

    assert machine.serving().traffic == TrafficPolicy(0, VersionRef("v3", "ab" * 32))


def test_an_older_release_finds_the_champion_where_it_looks(machine):
    machine.serve(Serving.of("flights", TrafficPolicy(3, VersionRef("v3", "ab" * 32))))
    stored = json.loads((machine.root / "cache" / "serving.json").read_bytes())

    assert stored | {"name": "flights", "version": "v3", "digest": "ab" * 32} == stored


def test_policies_with_other_content_have_other_ids():
    one, other = (Serving.of("flights", TrafficPolicy(0, VersionRef("v3", digit * 64))) for digit in "12")

    assert one.id != other.id
    assert one.id == Serving.of("flights", one.traffic).id


def test_a_damaged_pointer_is_an_error_not_a_silent_nothing(machine):
    machine.serve(Serving("flights", "v3", "ab" * 32))
    (machine.root / "cache" / "serving.json").write_bytes(b'{"name": 3')

    with pytest.raises(CorruptBundleError):
        machine.serving()


def test_a_bundle_counts_only_with_its_manifest(machine):
    machine.bundle("aa").mkdir(parents=True)
    machine.bundle("bb").mkdir()
    (machine.bundle("bb") / "manifest.json").write_text("{}")

    assert machine.digests() == ["bb"]
    assert not machine.holds("aa")
