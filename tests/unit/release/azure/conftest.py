import pytest

from lifecycle.releases.intent import first
from lifecycle.releases.release import FORMATS, Release
from release.azure.arm import Arm
from release.azure.facts import FleetFacts
from release.azure.tokens import Tokens
from tests.azure_world import IMAGE, Set, World
from tests.fake_arm import facts, fake_arm

OLD = Release("r1", "image-1", "sklearn-1.9", machine_image="1.4.0", formats=FORMATS)


class Journal:
    """An entry and nothing else: these machines do not speak."""

    def newest(self):
        return first(OLD)


@pytest.fixture
def server():
    sets = {
        "blue": Set(3, IMAGE + "1.4.0", OLD.id, autoscaled=True),
        "green": Set(0, IMAGE + "1.5.0", "r2-x"),
    }
    world = World(Journal(), sets)
    world._tell = lambda *_: None
    world.advance()
    with fake_arm(world) as server:
        yield server


@pytest.fixture
def waited():
    return []


@pytest.fixture
def arm(server, waited):
    def ask():
        server.tokens += 1
        return f"token-{server.tokens}", 4e9

    return Arm(server.url, Tokens(ask, lambda: 0).token, waited.append)


@pytest.fixture
def fleet_facts(server):
    return FleetFacts(**facts(server.url))
