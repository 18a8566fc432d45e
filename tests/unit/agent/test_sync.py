"""A machine follows the policy: all its web processes or none, and what it had is kept in every doubt."""

import os
import shutil
from pathlib import Path

import pytest

from agent import sync as sync_module
from agent.sync import PolicySync
from lifecycle import clock
from lifecycle.errors import BundleError, StoreUnavailableError, UntrustedBundleError
from lifecycle.machine import MachineDirectory
from lifecycle.policy import VersionRef, with_shadow, with_share
from lifecycle.policy_journal import PolicyJournal
from lifecycle.signing import TrustSet
from lifecycle.web_processes import Presence, WebProcess
from tests.old_store import crown_the_old_way


@pytest.fixture
def machine(settings):
    return MachineDirectory(settings.machine_dir)


@pytest.fixture
def sizes():
    """What models take, by version; a BundleError instead says that one does not load."""
    return {}


@pytest.fixture
def sync(registry, machine, trust, sizes):
    def measure(_folder, _digest, version):
        size = sizes.get(version, 100)
        if isinstance(size, Exception):
            raise size
        return size

    return PolicySync(registry, machine, lambda: trust, measure, lambda: 1_000.0)


@pytest.fixture
def change(registry, trust, keys):
    def write(decide):
        return PolicyJournal(registry, trust).change(keys["admission"], decide, by="tester", reason="")

    return write


@pytest.fixture
def ref(add, registry, keys, trust):
    def make(content):
        entry = add(content)
        registry.admit(entry, keys["admission"], trust)
        return VersionRef(entry.version, entry.digest)

    return make


@pytest.fixture
def web(machine):
    """A web process of this machine."""
    living = []

    def enter(age=1):
        living.append(Presence.enter(machine.web, WebProcess(os.getpid(), age=age)))
        return living[-1]

    yield enter
    for presence in living:
        presence.leave()


def test_without_a_champion_there_is_nothing_to_serve(sync, machine):
    assert sync.look().change == "no-champion"
    assert machine.serving() is None


def test_a_machine_without_web_processes_is_pointed_at_once(sync, machine, add, crown):
    policy = crown(add())

    assert sync.look().change == "switched"
    assert machine.serving().traffic == policy
    assert sync.look().change == "unchanged"


def test_every_bundle_that_is_named_is_brought(sync, machine, add, crown, change, ref):
    crown(add(b"one"))
    arm, shadow = ref(b"two"), ref(b"three")
    change(lambda now: with_shadow(with_share(now, arm, 0.1), shadow))

    sync.look()

    assert {one.version for one in machine.held_versions()} == {"v1", "v2", "v3"}
    assert machine.serving().traffic.arms[0].ref == arm


def test_the_machine_switches_when_everybody_has_prepared(sync, machine, add, crown, web):
    crown(add())
    first, second = web(1), web(2)

    assert sync.look().change == "preparing"
    wanted = machine.wanted()
    first.say(prepared=wanted.id)
    assert sync.advance().change == "preparing"
    assert machine.serving() is None
    second.say(prepared=wanted.id)
    assert sync.advance().change == "switched"
    assert (machine.serving(), machine.wanted()) == (wanted, None)


def test_the_dead_are_not_waited_for(sync, add, crown, web):
    crown(add())
    presence = web()
    sync.look()
    presence.leave()

    assert sync.advance().change == "switched"


@pytest.fixture
def served(sync, machine, add, crown):
    """v1 is served, and v2 made champion then."""
    crown(add(b"one"))
    sync.look()
    crown(add(b"two"))
    return machine.serving()


def test_one_that_refuses_keeps_all_at_the_policy_before(sync, machine, served, web):
    first, second = web(1), web(2)
    sync.look()
    first.say(prepared=machine.wanted().id)
    second.say(refused=machine.wanted().id, reason="It fails its golden rows.")

    synced = sync.look()

    assert (synced.change, synced.reason) == ("refused", "It fails its golden rows.")
    assert (machine.serving(), machine.wanted()) == (served, None)
    assert sync.look().change == "unchanged", "it is not offered in each round"


def test_a_refused_policy_is_tried_again_later(sync, machine, served, web, monkeypatch):
    presence = web()
    sync.look()
    presence.say(refused=machine.wanted().id, reason="No memory.")
    assert sync.look().change == "refused"
    presence.say(refused="", prepared="")
    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now + sync_module.RETRY_S + 1)

    assert sync.look().change == "preparing"


def test_the_policy_after_a_refused_one_is_taken_at_once(sync, machine, served, web, registry, trust, keys):
    """A rollback must not wait."""
    presence = web()
    sync.look()
    presence.say(refused=machine.wanted().id, reason="No.")
    sync.look()
    PolicyJournal(registry, trust).roll_back(keys["admission"], by="tester", reason="")

    assert sync.look().change == "preparing"
    assert machine.wanted().traffic.champion.version == "v1"
    presence.say(prepared=machine.wanted().id)
    assert sync.advance().change == "switched"
    assert machine.serving().traffic.number == 3


def test_a_newer_policy_takes_the_place_of_one_that_is_being_prepared(sync, machine, served, web, add, crown):
    web()
    sync.look()
    crown(add(b"three"))

    assert sync.look().change == "preparing"
    assert machine.wanted().version == "v3"


def test_who_never_prepares_is_not_waited_for_for_ever(sync, machine, served, web):
    sync.prepare_s = 0.0
    web()

    synced = sync.look()

    assert (synced.change, str(os.getpid()) in synced.reason) == ("refused", True)
    assert machine.serving() == served


def test_what_does_not_fit_into_memory_beside_what_is_loaded_is_refused(sync, machine, served, web, sizes):
    """Of 1,000 bytes that are free two processes need 600 each."""
    web(1)
    sizes["v2"] = 600
    assert sync.look().change == "preparing"
    machine.want(None)
    web(2)

    synced = sync.look()

    assert (synced.change, "Use a release" in synced.reason) == ("refused", True)
    assert machine.serving() == served


def test_only_what_is_new_must_fit(sync, machine, served, web, sizes, registry, trust, keys):
    sync.look()
    sizes["v2"] = 2_000
    assert machine.serving().version == "v2"
    web()
    sizes["v1"] = 10
    PolicyJournal(registry, trust).change(
        keys["admission"],
        lambda now: with_shadow(now, VersionRef(served.version, served.digest)),
        by="tester",
        reason="",
    )

    assert sync.look().change == "preparing"


def test_a_model_that_does_not_load_at_the_trial_is_not_offered(sync, machine, served, sizes):
    sizes["v2"] = BundleError("It crashed.")

    assert (sync.look().reason, machine.wanted(), machine.serving()) == ("It crashed.", None, served)


def test_a_bad_bundle_in_the_store_leaves_the_old_one_serving(sync, machine, served, settings, registry):
    digest = registry.version("v2").digest
    Path(settings.store.removeprefix("file://"), "registry", "bundles", digest, "model.pkl").write_bytes(b"x")

    assert sync.look().change == "refused"
    assert machine.serving() == served


def test_a_policy_that_nobody_trusted_signed_changes_nothing(registry, machine, sync, served):
    sync.trust = lambda: TrustSet({})

    with pytest.raises(UntrustedBundleError):
        sync.look()

    assert machine.serving() == served


def test_a_lost_store_leaves_the_machine_as_it_was(sync, machine, served, settings):
    root = Path(settings.store.removeprefix("file://"))
    shutil.rmtree(root)
    root.write_text("no folder any more")

    with pytest.raises(StoreUnavailableError):
        sync.look()

    assert machine.serving() == served


def test_a_bundle_lost_from_the_cache_is_brought_again(sync, machine, add, crown):
    entry = add()
    crown(entry)
    sync.look()
    shutil.rmtree(machine.bundle(entry.digest))

    sync.look()

    assert machine.holds(entry.digest)


def test_the_champion_of_an_old_store_is_served_until_its_next_policy(
    sync, machine, add, registry, keys, trust, crown
):
    for content in (b"one", b"two"):
        entry = add(content)
        registry.admit(entry, keys["admission"], trust)
        crown_the_old_way(registry, keys["admission"], entry)
        assert sync.look().change == "switched"
        assert sync.look().change == "unchanged"
        assert machine.serving().digest == entry.digest
    crown(add(b"three"))

    assert sync.look().serving.traffic.number == 1


def test_an_agent_that_starts_anew_goes_on_with_what_was_being_prepared(sync, machine, served, web):
    presence = web()
    sync.look()
    again = PolicySync(sync.registry, machine, sync.trust, sync.measure, sync.free_bytes)
    presence.say(prepared=machine.wanted().id)

    assert again.look().change == "switched"
