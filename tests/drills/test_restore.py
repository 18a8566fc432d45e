"""The drill of docs/runbooks/restore-the-store.md: an older copy comes back, and machines are never led backwards by it."""

import shutil

import pytest

from lifecycle.machine import MachineDirectory
from tests.commands import picklefleet as command
from tests.prove.small_model import write_model

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path, monkeypatch):
    for name, value in {"STORE": "store", "KEYS_DIR": "keys", "MACHINE_DIR": "machine"}.items():
        monkeypatch.setenv(f"PICKLEFLEET_{name}", str(tmp_path / value))

    def picklefleet(*arguments):
        return command(*arguments, seconds=100).stdout

    return picklefleet


def test_machines_keep_what_they_know_until_the_journal_has_passed_it(run, tmp_path):
    machine = MachineDirectory(tmp_path / "machine")
    run("trust", "init")
    for version, strength in (("v1", 1.0), ("v2", 0.01)):
        run("register", write_model(tmp_path / version, strength), "--name", "small")
        run("approve", version)
    run("promote", "v1")
    shutil.copytree(tmp_path / "store", tmp_path / "copy")
    run("promote", "v2")
    run("agent", "--once")
    assert machine.serving().version == "v2"

    shutil.rmtree(tmp_path / "store")
    assert machine.serving().version == "v2"
    shutil.copytree(tmp_path / "copy", tmp_path / "store")
    run("agent", "--once")
    assert machine.serving().version == "v2"

    run("promote", "v2", "--reason", "as before the loss")  # the number that the machine knows already
    run("promote", "v1", "--reason", "a change after it")
    run("agent", "--once")
    assert machine.serving().version == "v1"
    listed = run("versions")
    assert "v1" in listed
    assert "v2" in listed
