"""The cache follows the champion: verified, whole, resumed after an interruption, kept when the store is gone."""

import shutil
from pathlib import Path

import pytest

from agent.sync import bring, sync
from lifecycle.bundle import verify
from lifecycle.errors import BundleError, CorruptBundleError, StoreError, UntrustedBundleError
from lifecycle.machine import MachineDirectory, Serving
from lifecycle.registry import CHAMPION
from lifecycle.signing import TrustSet


@pytest.fixture
def machine(settings):
    return MachineDirectory(settings.machine_dir)


@pytest.fixture
def crown(add, registry, keys, trust):
    def make_champion(content=b"model bytes"):
        entry = add(content)
        registry.admit(entry, keys["admission"], trust)
        registry.set_alias(CHAMPION, entry, keys["admission"], by="tester", reason="")
        return entry

    return make_champion


def stored(settings, entry, name):
    return Path(settings.store.removeprefix("file://"), "registry", "bundles", entry.digest, name)


def test_without_a_champion_there_is_nothing_to_serve(registry, machine, trust):
    assert sync(registry, machine, trust).change == "no-champion"
    assert machine.serving() is None


def test_the_champion_is_brought_and_served(crown, registry, machine, trust):
    entry = crown()

    synced = sync(registry, machine, trust)

    assert synced.change == "switched"
    assert machine.serving() == Serving(entry.name, "v1", entry.digest, entry.registered_at)
    assert verify(machine.bundle(entry.digest), entry.digest, trust).name == "flights"


def test_the_next_round_changes_nothing(crown, registry, machine, trust):
    crown()
    sync(registry, machine, trust)

    assert sync(registry, machine, trust).change == "unchanged"


def test_a_new_champion_is_switched_to_and_the_old_bundle_kept(crown, registry, machine, trust):
    first = crown(b"one")
    sync(registry, machine, trust)
    second = crown(b"two")

    assert sync(registry, machine, trust).serving.digest == second.digest
    assert set(machine.digests()) == {first.digest, second.digest}


def test_an_interrupted_transfer_is_resumed_without_fetching_again(crown, registry, machine, trust, settings):
    entry = crown()
    machine.incoming(entry.digest).mkdir(parents=True)
    (machine.incoming(entry.digest) / "model.pkl").write_bytes(b"model bytes")
    stored(settings, entry, "model.pkl").unlink()

    assert sync(registry, machine, trust).change == "switched"


def test_half_a_file_from_an_interrupted_transfer_is_fetched_anew(crown, registry, machine, trust):
    entry = crown()
    machine.incoming(entry.digest).mkdir(parents=True)
    (machine.incoming(entry.digest) / "model.pkl").write_bytes(b"model by")

    sync(registry, machine, trust)

    assert (machine.bundle(entry.digest) / "model.pkl").read_bytes() == b"model bytes"


@pytest.mark.parametrize("name", ["model.pkl", "golden.json", "manifest.json"])
def test_other_bytes_in_the_store_never_reach_the_cache(crown, registry, machine, trust, settings, name):
    entry = crown()
    path = stored(settings, entry, name)
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(CorruptBundleError):
        sync(registry, machine, trust)

    assert machine.digests() == []
    assert machine.serving() is None


def test_a_bundle_without_admission_never_reaches_the_cache(add, registry, machine, trust):
    entry = add()

    with pytest.raises(UntrustedBundleError, match="no admission signature"):
        bring(registry, machine, Serving(entry.name, entry.version, entry.digest), trust)

    assert machine.digests() == []


def test_a_machine_that_trusts_nobody_serves_nothing(crown, registry, machine):
    crown()

    with pytest.raises(BundleError):
        sync(registry, machine, TrustSet({}))

    assert machine.serving() is None


def test_a_bad_new_champion_leaves_the_old_one_serving(crown, registry, machine, trust, settings):
    first = crown(b"one")
    sync(registry, machine, trust)
    stored(settings, crown(b"two"), "model.pkl").write_bytes(b"tampered")

    with pytest.raises(CorruptBundleError):
        sync(registry, machine, trust)

    assert machine.serving().digest == first.digest


def test_a_lost_store_leaves_the_machine_as_it_was(crown, registry, machine, trust, settings):
    entry = crown()
    sync(registry, machine, trust)
    root = Path(settings.store.removeprefix("file://"))
    shutil.rmtree(root)
    root.write_text("no folder any more")

    with pytest.raises(StoreError):
        sync(registry, machine, trust)

    assert machine.serving().digest == entry.digest


def test_a_bundle_lost_from_the_cache_is_brought_again(crown, registry, machine, trust):
    entry = crown()
    sync(registry, machine, trust)
    shutil.rmtree(machine.bundle(entry.digest))

    assert sync(registry, machine, trust).change == "switched"
    assert machine.holds(entry.digest)
