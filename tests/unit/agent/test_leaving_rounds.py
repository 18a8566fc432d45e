from datetime import UTC, datetime

import pytest

from agent.edge_proxy.drain import Drained
from agent.leaving_rounds import LeavingRounds
from lifecycle.adapters.metadata_service import MetadataService, MetadataUnavailableError
from lifecycle.metrics import NullMetrics
from tests.metadata_service import NAME, event, metadata_service


class Edge:
    """What of the edge proxy a machine that leaves needs."""

    def __init__(self, done):
        self.done, self.leaving = done, ""

    def leave(self, why):
        self.leaving = why
        self.done.append("unadmitted")

    def stay(self):
        self.leaving = ""
        self.done.append("stays")


@pytest.fixture
def service():
    with metadata_service() as started:
        yield started


@pytest.fixture
def done():
    return []


@pytest.fixture
def rounds(service, done):
    def drain():
        done.append("drained")
        return Drained(10.0, 0)

    return LeavingRounds(
        MetadataService(service.url), Edge(done), drain, lambda: done.append("shipped"), NullMetrics()
    )


LEFT = ["unadmitted", "drained", "shipped"]


@pytest.mark.parametrize("kind", ["Terminate", "Preempt", "Reboot", "Redeploy"])
def test_before_what_ends_it_a_machine_leaves_and_only_then_says_so(rounds, service, done, kind):
    service.events = [event(kind)]
    told = []
    rounds.ship = lambda: told.extend(service.started) or done.append("shipped")

    rounds.once()
    rounds.once()

    assert done == LEFT
    assert told == []
    assert service.started == ["one"]


def test_a_neighbour_s_end_is_no_business_of_this_machine(rounds, service, done):
    service.events = [event(machines=["web-blue_4", NAME + "0"])]

    rounds.once()

    assert (done, service.started, service.refused) == ([], [], [])


def test_a_freeze_drains_nothing_and_is_not_hurried(rounds, service, done):
    service.events = [event("Freeze")]

    rounds.once()

    assert (done, service.started) == ([], [])


def test_of_two_at_once_the_machine_leaves_once_and_acknowledges_both(rounds, service, done):
    service.events = [
        event("Reboot"),
        event("Terminate", key="two"),
        event(machines=["web-blue_4"], key="three"),
    ]

    rounds.once()

    assert done == LEFT
    assert service.started == ["one", "two"]


def test_one_that_comes_while_the_first_is_waited_for_is_acknowledged_too(rounds, service, done):
    service.events = [event("Reboot")]
    rounds.once()
    service.events.append(event("Terminate", key="two"))

    rounds.once()

    assert done == LEFT * 2
    assert service.started == ["one", "two"]


def test_one_that_has_begun_already_is_left_for_all_the_same(rounds, service, done):
    service.events = [event(status="Started", not_before="")]

    rounds.once()

    assert done == LEFT
    assert service.started == []


def test_called_off_or_over_the_machine_may_have_clients_again(rounds, service, done):
    service.events = [event("Reboot")]
    rounds.once()
    service.events = []

    rounds.once()
    rounds.once()

    assert done == [*LEFT, "stays"]


def test_what_a_person_drained_stays_drained(rounds, service, done):
    rounds.edge.leaving = "somebody drained it"

    rounds.once()

    assert done == []


def test_when_it_can_not_be_drained_nothing_is_acknowledged_and_it_is_tried_again(rounds, service, done):
    def fail():
        raise MetadataUnavailableError("away")

    service.events, drain = [event()], rounds.drain
    rounds.drain = fail
    with pytest.raises(MetadataUnavailableError):
        rounds.once()
    assert service.started == []

    rounds.drain = drain
    rounds.once()

    assert service.started == ["one"]


def test_a_drain_that_was_given_up_is_not_acknowledged_but_begun_anew(rounds, service, done):
    service.events, whole = [event()], rounds.drain
    rounds.drain = lambda: Drained(0.4, 7, whole=False)
    rounds.once()
    assert (done, service.started) == (["unadmitted", "shipped"], [])

    rounds.drain = whole
    rounds.once()

    assert done[2:] == LEFT
    assert service.started == ["one"]


def test_events_are_read_as_documented(service):
    service.events = [event("Reboot", ["a", "b"], key="x")]

    (found,) = MetadataService(service.url).events()

    assert (found.id, found.kind, found.machines, found.started) == ("x", "Reboot", ("a", "b"), False)
    assert found.not_before == datetime(2026, 1, 5, 2, 5, tzinfo=UTC)


def test_a_service_that_answers_otherwise_or_not_at_all_is_told(service):
    service.broken = True
    with pytest.raises(MetadataUnavailableError, match="otherwise than documented"):
        MetadataService(service.url).events()
    with pytest.raises(MetadataUnavailableError, match="does not answer"):
        MetadataService("http://127.0.0.1:9", timeout_s=0.5).name()
