"""Writers of the policy killed at any moment, two at once: what stands in the journal was planned, whole and signed."""

import os
import random
import subprocess
import sys
import time
from itertools import pairwise

import pytest

from lifecycle.adapters.opening import open_registry
from lifecycle.bundle import Manifest, file_entry
from lifecycle.policy_journal import PolicyJournal
from lifecycle.settings import load
from lifecycle.signature import Feature, Output, Signature
from lifecycle.signing import create_signing_key, load_trust

KILLS = 8
VERSIONS = ("v1", "v2")

# promotes v1 and v2 in turn for as long as it lives; it tells when it begins
WRITER = """
import sys
from lifecycle.adapters.opening import open_registry
from lifecycle.errors import StoreUnavailableError
from lifecycle.policy import VersionRef
from lifecycle.policy_journal import PolicyJournal
from lifecycle.settings import load
from lifecycle.signing import load_signing_key, load_trust

settings = load()
policies = PolicyJournal(open_registry(settings), load_trust(settings.keys_dir))
key = load_signing_key("admission", settings.keys_dir)
refs = [VersionRef(entry.version, entry.digest) for entry in policies.registry.versions()]
print("ready", flush=True)
while True:
    for ref in refs:
        try:
            policies.promote(key, ref, by=sys.argv[1], reason="turn")
        except StoreUnavailableError:
            pass  # the other one was faster ten times
"""


@pytest.fixture
def environment(tmp_path):
    return {f"PICKLEFLEET_{name}": str(tmp_path / name) for name in ("STORE", "KEYS_DIR", "MACHINE_DIR")}


@pytest.fixture
def policies(environment, tmp_path):
    settings = load(environment)
    keys = {role: create_signing_key(role, settings.keys_dir) for role in ("registration", "admission")}
    registry, trust = open_registry(settings), load_trust(settings.keys_dir)
    for version in VERSIONS:
        entry = registry.add(*_bundle(tmp_path, version), keys["registration"], by="tester")
        registry.admit(entry, keys["admission"], trust)
    return PolicyJournal(registry, trust)


def _bundle(tmp_path, version):
    folder = tmp_path / version
    folder.mkdir()
    (folder / "model.pkl").write_text(version)
    inputs = (Feature("x0", "number", "float64"),)
    files = (file_entry(folder / "model.pkl"),)
    manifest = Manifest("small", files, Signature(inputs, (Output("y", "regression"),)), "sklearn-1.9", {})
    (folder / "manifest.json").write_bytes(manifest.to_bytes())
    return folder, manifest


def start(environment, name):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, name], env=os.environ | environment, stdout=subprocess.PIPE
    )
    assert writer.stdout.readline() == b"ready\n"
    return writer


def test_whoever_is_killed_when_every_entry_is_whole_and_one_of_those_planned(environment, policies):
    chance = random.Random(20130101)  # noqa: S311 - a test's choice
    writers = {name: start(environment, name) for name in ("a", "b")}
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.01, 0.3))
            name = chance.choice("ab")
            writers[name].kill()
            writers[name].communicate()
            policies.newest()
            writers[name] = start(environment, name)
    finally:
        for writer in writers.values():
            writer.kill()
            writer.communicate()

    entries = [policies.entry(policy.number) for policy in policies.history()]  # each is verified
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry.by for entry in entries} == {"a", "b"}
    for before, after in pairwise(entries):
        assert before.champion != after.champion, "each decided on what the other had written"
        assert (after.arms, after.shadows) == ((), ())
