"""A real store in a directory, keys, and a small bundle to keep in it."""

import pytest

from lifecycle.adapters.opening import open_registry
from lifecycle.policy import VersionRef
from lifecycle.policy_journal import PolicyJournal
from lifecycle.settings import load
from lifecycle.signing import create_signing_key, load_trust
from tests.bundles import write_bundle


@pytest.fixture
def settings(tmp_path):
    return load(
        {f"PICKLEFLEET_{name}": str(tmp_path / name) for name in ("STORE", "MACHINE_DIR", "KEYS_DIR")}
    )


@pytest.fixture
def registry(settings):
    return open_registry(settings)


@pytest.fixture
def keys(settings):
    return {role: create_signing_key(role, settings.keys_dir) for role in ("registration", "admission")}


@pytest.fixture
def trust(keys, settings):
    return load_trust(settings.keys_dir)


@pytest.fixture
def make_bundle(tmp_path):
    """Write a bundle's folder; returns the folder and its manifest."""

    def make(content=b"model bytes", name="flights"):
        return write_bundle(tmp_path / f"made-{len(list(tmp_path.iterdir()))}", content, name)

    return make


@pytest.fixture
def add(registry, keys, make_bundle):
    """Register a bundle with that content; returns its version entry."""

    def register(content=b"model bytes", **more):
        return registry.add(*make_bundle(content), keys["registration"], by="tester", **more)

    return register


@pytest.fixture
def crown(registry, keys, trust):
    """Approve a version and make it champion; returns the policy."""

    def promote(entry):
        registry.admit(entry, keys["admission"], trust)
        champion = VersionRef(entry.version, entry.digest)
        return PolicyJournal(registry, trust).promote(keys["admission"], champion, by="tester", reason="")

    return promote
