import pytest

from lifecycle.releases.intent import assigned, first, smoked
from lifecycle.releases.release import FORMATS, Release
from release.azure.balancer import Balancer
from release.azure.outside import AGAIN_S, Outside
from release.azure.scale_sets import Fleet
from release.azure.terraform import TrafficError

OLD = Release("r1", "image-1", "sklearn-1.9", machine_image="1.4.0", formats=FORMATS)
NEW = Release("r2", "image-2", "sklearn-1.9", machine_image="1.5.0", formats=FORMATS)
STARTING = assigned(first(OLD), NEW, "walk-1", machines=3)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outside(server, arm, fleet_facts, clock):
    server.world.sets["green"].release = NEW.id
    return Outside(
        Fleet(arm, fleet_facts), Balancer(arm, fleet_facts), dict, server.world.point, monotonic=clock
    )


def test_azure_follows_the_journal(server, outside):
    outside.follow(STARTING)

    assert server.world.sets["green"].capacity == 3
    assert server.world.sets["blue"].autoscaled is False


def test_one_look_is_one_question(server, outside, clock):
    outside.machines()
    asked = len(server.asked)
    outside.machines()
    assert len(server.asked) == asked

    clock.now += 5
    outside.machines()
    assert len(server.asked) == 2 * asked


def test_while_azure_does_not_answer_nothing_goes_forward_and_nobody_dies(server, outside, clock):
    outside.machines()
    server.faults = lambda *_: 403
    clock.now += 5
    outside.follow(STARTING)

    assert server.world.sets["green"].capacity == 0
    assert "403" in " ".join(outside.waiting(STARTING))

    server.faults = lambda *_: None
    clock.now += 5
    outside.follow(STARTING)
    assert server.world.sets["green"].capacity == 3


def test_the_reason_of_a_failed_resize_is_told(server, outside, clock):
    outside.follow(STARTING)
    server.fail_operations = "AllocationFailed"
    clock.now += 5
    outside.follow(STARTING)

    assert "AllocationFailed" in " ".join(outside.waiting(STARTING))


def test_a_terraform_that_would_not_is_asked_again_after_a_while(server, outside, clock):
    calls = []

    def refuses(pool):
        calls.append(pool)
        raise TrafficError("The plan was refused.")

    outside.point = refuses
    for _ in range(3):
        outside.follow(smoked(STARTING))
        clock.now += 5
    assert calls == ["both"]
    assert "The plan was refused." in outside.waiting(smoked(STARTING))

    clock.now += AGAIN_S
    outside.follow(smoked(STARTING))
    assert calls == ["both", "both"]


def test_whoever_only_looks_moves_nothing(server, outside):
    outside.point = None
    outside.follow(smoked(STARTING))

    assert server.world.pool == "blue"
