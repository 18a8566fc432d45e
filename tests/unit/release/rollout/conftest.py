"""A rollout between two small versions in a real store, a clock that a test moves, and machines that measure."""

import pytest

from lifecycle.policy import TrafficPolicy, VersionRef
from lifecycle.policy_journal import PolicyJournal
from release.rollout.plan import Plan, Step
from release.rollout.record import rollouts_in
from tests.rollouts import Traffic, World

PLAN = Plan((Step(0.0, 100, 2), Step(0.1, 100, 2), Step(0.5, 100, 2)))


@pytest.fixture
def journal(registry, trust):
    return PolicyJournal(registry, trust)


@pytest.fixture
def versions(registry, keys, trust, add):
    """Two approved versions, of which the first is champion."""
    entries = [add(content) for content in (b"first", b"second")]
    for entry in entries:
        registry.admit(entry, keys["admission"], trust)
    return entries


@pytest.fixture
def world(registry, trust, keys, journal, versions):
    champion = VersionRef(versions[0].version, versions[0].digest)
    journal.change(keys["admission"], lambda _: TrafficPolicy(0, champion), by="tester", reason="first")
    return World(rollouts_in(registry.control, trust), journal, keys["admission"], Traffic(), PLAN)
