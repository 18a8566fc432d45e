"""The machine's directory: what to serve, and which bundles are whole."""

import pytest

from lifecycle.errors import CorruptBundleError
from lifecycle.machine import MachineDirectory, Serving


@pytest.fixture
def machine(tmp_path):
    return MachineDirectory(tmp_path)


def test_a_new_machine_serves_nothing(machine):
    assert machine.serving() is None
    assert machine.digests() == []


def test_what_to_serve_is_remembered(machine):
    serving = Serving("flights", "v3", "ab" * 32, "2013-01-01T00:00:00.000Z")
    machine.serve(serving)

    assert machine.serving() == serving


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
