"""Bundles come into the cache verified and whole, resumed after an interruption, or not at all."""

import shutil
from pathlib import Path

import pytest

from agent.bundles import bring
from lifecycle.bundle import verify
from lifecycle.errors import CorruptBundleError, StoreError, UntrustedBundleError
from lifecycle.machine import MachineDirectory
from lifecycle.signing import TrustSet


@pytest.fixture
def machine(settings):
    return MachineDirectory(settings.machine_dir)


@pytest.fixture
def entry(add, registry, keys, trust):
    made = add()
    registry.admit(made, keys["admission"], trust)
    return made


def stored(settings, entry, name):
    return Path(settings.store.removeprefix("file://"), "registry", "bundles", entry.digest, name)


def test_a_bundle_is_brought_whole_with_what_the_registry_knows_of_it(entry, registry, machine, trust):
    bring(registry, machine, entry.digest, trust)

    assert verify(machine.bundle(entry.digest), entry.digest, trust).name == "flights"
    held = machine.held_versions()
    assert [(one.version, one.registered_at) for one in held] == [("v1", entry.registered_at)]


def test_an_interrupted_transfer_is_resumed_without_fetching_again(entry, registry, machine, trust, settings):
    machine.incoming(entry.digest).mkdir(parents=True)
    (machine.incoming(entry.digest) / "model.pkl").write_bytes(b"model bytes")
    stored(settings, entry, "model.pkl").unlink()

    bring(registry, machine, entry.digest, trust)

    assert machine.holds(entry.digest)


def test_half_a_file_from_an_interrupted_transfer_is_fetched_anew(entry, registry, machine, trust):
    machine.incoming(entry.digest).mkdir(parents=True)
    (machine.incoming(entry.digest) / "model.pkl").write_bytes(b"model by")

    bring(registry, machine, entry.digest, trust)

    assert (machine.bundle(entry.digest) / "model.pkl").read_bytes() == b"model bytes"


@pytest.mark.parametrize("name", ["model.pkl", "golden.json", "manifest.json"])
def test_other_bytes_in_the_store_never_reach_the_cache(entry, registry, machine, trust, settings, name):
    path = stored(settings, entry, name)
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(CorruptBundleError):
        bring(registry, machine, entry.digest, trust)

    assert machine.digests() == []


def test_a_bundle_without_admission_never_reaches_the_cache(add, registry, machine, trust):
    with pytest.raises(UntrustedBundleError, match="no admission signature"):
        bring(registry, machine, add().digest, trust)

    assert machine.digests() == []


def test_a_machine_that_trusts_nobody_takes_nothing(entry, registry, machine):
    with pytest.raises(UntrustedBundleError):
        bring(registry, machine, entry.digest, TrustSet({}))

    assert machine.digests() == []


def test_a_lost_store_leaves_the_cache_as_it_was(entry, registry, machine, trust, settings):
    root = Path(settings.store.removeprefix("file://"))
    shutil.rmtree(root)
    root.write_text("no folder any more")

    with pytest.raises(StoreError):
        bring(registry, machine, entry.digest, trust)

    assert machine.digests() == []
