from dataclasses import replace

import pytest

from lifecycle.errors import PicklefleetError
from release.azure.arm import ArmError, ArmUnavailableError, ChangedMeanwhileError, NotThereError
from release.azure.balancer import Balancer
from release.azure.scale_sets import Fleet
from tests.fake_arm import LB, SETS

VERSION = "2024-07-01"


def faulty(*kinds):
    left = list(kinds)
    return lambda *_: left.pop(0) if left else None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_azure_is_asked_again_when_it_says(server, arm, waited, status):
    server.faults = faulty(status, status)

    assert arm.get(LB, VERSION).etag == 'W/"1"'
    assert waited == [1.0, 1.0]  # as Retry-After said, not longer and longer


def test_it_is_not_asked_for_ever(server, arm, waited):
    server.faults = lambda *_: 503

    with pytest.raises(ArmUnavailableError, match="Try later"):
        arm.get(LB, VERSION)
    assert sum(waited) <= arm.patience_s


def test_a_refused_token_is_renewed_once(server, arm):
    arm.get(LB, VERSION)
    server.tokens += 1  # whatever was given is worth nothing any more

    arm.get(LB, VERSION)
    assert server.tokens == 3


def test_a_refusal_tells_azures_own_words(arm):
    with pytest.raises(NotThereError):
        arm.get(f"{SETS}/flights-red", VERSION)


def test_without_a_token_azure_is_away_and_no_walker_dies(arm):
    def refused(_fresh):
        raise PicklefleetError("The metadata service does not answer.")

    with pytest.raises(ArmUnavailableError, match="metadata service does not answer"):
        replace(arm, token=refused).get(LB, VERSION)


def test_a_token_follows_no_other_host(server, arm, fleet_facts):
    server.elsewhere = "http://127.0.0.1:1"
    answer = Fleet(arm, fleet_facts).resize("green", 3)

    with pytest.raises(ArmError, match="another host"):
        arm.status(answer.operation)


def test_a_resize_whose_answer_was_lost_is_seen_at_the_next_look(server, arm, fleet_facts):
    server.faults = lambda method, _: (
        "lost" if method == "PATCH" and server.world.sets["green"].capacity == 0 else None
    )
    fleet = Fleet(arm, fleet_facts)

    with pytest.raises(ChangedMeanwhileError):
        fleet.resize("green", 3)
    assert fleet.look()["green"].capacity == 3


def test_what_takes_longer_is_waited_for_and_its_failure_has_azures_reason(server, arm, fleet_facts):
    fleet = Fleet(arm, fleet_facts)
    done = fleet.resize("green", 3)
    arm.finished(done, 60)
    server.fail_operations = "AllocationFailed"

    with pytest.raises(ArmError, match=r"AllocationFailed: There is no room\."):
        arm.finished(fleet.resize("green", 4), 60)


def test_every_page_of_machines_is_read(arm, fleet_facts):
    blue = Fleet(arm, fleet_facts).look()["blue"]

    assert [one.computer for one in blue.instances] == [
        "flights-b000001",
        "flights-b000002",
        "flights-b000003",
    ]
    assert {one.health for one in blue.instances} == {"healthy"}
    assert blue.autoscaled
    assert blue.image.endswith("/1.4.0")


def test_a_scale_set_that_never_was_is_left_out(server, arm, fleet_facts):
    del server.world.sets["green"]

    assert set(Fleet(arm, fleet_facts).look()) == {"blue"}


def test_autoscale_is_switched_and_keeps_its_rules(server, arm, fleet_facts):
    Fleet(arm, fleet_facts).autoscale("blue", on=False)

    assert server.world.sets["blue"].autoscaled is False


def test_the_rule_is_moved_past_somebody_elses_change(server, arm, fleet_facts):
    balancer = Balancer(arm, fleet_facts)

    def somebody(method, _):
        if method == "PUT" and server.lb_etag < 3:
            server.lb_etag += 1

    server.faults = somebody
    balancer.move("both")

    assert balancer.pool() == "both"
    assert server.world.pool == "both"


def test_a_balancer_without_the_rule_is_told(server, arm, fleet_facts):
    server.rule = False

    assert Balancer(arm, fleet_facts).pool() is None
