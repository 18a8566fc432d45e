"""Admission, weights and the probe: what the agent says is what HAProxy does, also after a restart at any moment."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent.colour_processes import ColourProcesses
from agent.edge_proxy.drain import drain
from agent.edge_proxy.runtime_socket import EdgeUnreachableError
from agent.edge_proxy.server_state import Intent
from agent.edge_proxy.timeouts import Timeouts
from agent.edge_rounds import EdgeRounds
from agent.leaving_rounds import LeavingRounds
from agent.release_rounds import ReleaseRounds
from lifecycle.adapters.metadata_service import MetadataService
from lifecycle.heartbeats import Heartbeat
from lifecycle.machine import MachineDirectory
from lifecycle.metrics import NullMetrics
from tests.edge import answer_of, needs_haproxy, wait_until
from tests.metadata_service import event, metadata_service
from tests.release_builders import STEADY

pytestmark = needs_haproxy

BOTH = Intent(admitted=True, weights={"blue": 75, "green": 25})


def unadmit(machine):
    return machine.proxy.change(lambda intent: replace(intent, admitted=False))


def ask(connection, path="/"):
    connection.request("GET", path)
    return answer_of(connection.getresponse())


def test_while_unadmitted_the_probe_says_so_and_every_answer_closes_its_connection(machine):
    machine.start("blue")
    busy = machine.connect()
    assert ask(busy)[1].get("connection") is None
    assert machine.probe() == 200

    unadmit(machine)

    assert machine.probe() == 503
    status, headers, _ = ask(busy)  # a connection that was open before is served once more, and closed
    assert (status, headers["connection"]) == (200, "close")
    assert machine.get()[1]["connection"] == "close"  # so are those that a balancer still sends

    machine.proxy.change(lambda intent: replace(intent, admitted=True))

    assert machine.probe() == 200
    assert machine.get()[1].get("connection") is None


def test_a_request_that_began_before_is_finished(machine):
    machine.start("blue")
    answers = []
    slow = threading.Thread(target=lambda: answers.append(machine.get("/?sleep=1")))
    slow.start()
    time.sleep(0.3)

    unadmit(machine)
    slow.join()

    assert answers[0][0] == 200
    assert answers[0][1]["connection"] == "close"


def test_a_drain_ends_when_nobody_is_left_but_not_before_a_balancer_has_noticed(machine, monkeypatch):
    monkeypatch.setattr("agent.edge_proxy.timeouts.PROBE_EVERY_S", 1)
    machine.change(timeouts=Timeouts(deadline_s=1, keep_alive_s=3))
    machine.start("blue")
    idle = machine.connect()
    ask(idle)

    drained = drain(machine.proxy, machine.edge.timeouts)

    assert drained.left == 0
    assert machine.edge.timeouts.detection_s == 2
    assert 2 <= drained.seconds <= machine.edge.timeouts.drain_s


def test_a_drain_ends_at_its_time_whoever_is_left(machine, monkeypatch):
    machine.start("blue")
    ask(machine.connect())
    monkeypatch.setattr("agent.edge_proxy.timeouts.PROBE_EVERY_S", 0.2)

    drained = drain(machine.proxy, Timeouts(deadline_s=1, keep_alive_s=0))

    assert drained.left == 1
    assert drained.seconds >= 1


@pytest.mark.parametrize("how", ["reload", "restart_proxy"])
def test_neither_reload_nor_restart_changes_the_answer(machine, how):
    machine.start("blue", "green", intent=Intent(admitted=True, weights={"blue": 100}))
    wanted = machine.proxy.change(
        lambda _: replace(BOTH, admitted=False, sound=False, live=frozenset({"blue"}))
    )

    getattr(machine, how)()

    assert machine.proxy.look().intent == wanted
    assert machine.probe() == 503


def test_a_proxy_that_was_down_comes_up_with_what_was_wanted_meanwhile(machine):
    machine.start("blue", "green")
    machine.stop("haproxy")

    with pytest.raises(EdgeUnreachableError, match="does not answer"):
        machine.proxy.change(lambda _: BOTH)
    machine.start_proxy()

    assert machine.proxy.look().intent == BOTH


def test_a_connection_closes_with_the_answer_after_its_time_however_busy_it_is(machine):
    """Short times instead of five minutes; the rule is the same."""
    machine.change(timeouts=ShortLived(deadline_s=1))
    machine.start("blue")
    connection = machine.connect()

    assert ask(connection)[1].get("connection") is None
    time.sleep(2.2)
    assert ask(connection)[1].get("connection") == "close"


class ShortLived(Timeouts):
    @property
    def last_request_s(self):
        return 2


def test_the_probe_answers_at_once_while_the_edge_is_full(machine):
    machine.change(places=2, connections=20)
    machine.start("blue")
    stop = threading.Event()

    def press():
        while not stop.is_set():
            machine.get("/?sleep=0.3")

    pressing = [threading.Thread(target=press) for _ in range(30)]
    for thread in pressing:
        thread.start()
    try:
        wait_until(lambda: machine.proxy.look().sessions == 20)
        assert [machine.probe() for _ in range(20)] == [200] * 20
    finally:
        stop.set()
        for thread in pressing:
            thread.join()


def test_the_probe_fails_when_no_colour_with_traffic_can_work(machine):
    machine.start("blue", "green", intent=Intent(admitted=True, weights={"blue": 100}))
    assert machine.probe() == 200

    machine.stop("blue")  # green runs, but has no weight

    wait_until(lambda: machine.probe() == 503, 5)
    assert machine.probe("/livez") == 200


class TestRounds:
    def rounds(self, machine, *, sound=True):
        return EdgeRounds(machine.proxy, lambda: sound)

    def beat(self, machine, colour):
        Heartbeat(Path(machine.edge.folder) / colour / "heartbeat-0").beat()

    def test_a_colour_without_a_heartbeat_gets_no_traffic_though_its_socket_listens(self, machine):
        machine.start("blue", "green", intent=BOTH)
        self.beat(machine, "green")

        self.rounds(machine).once()

        assert machine.proxy.look().intent.live == {"green"}
        assert {machine.get()[2]["colour"] for _ in range(10)} == {"green"}
        assert machine.probe() == 200

    def test_without_any_heartbeat_the_probe_fails_until_there_is_one_again(self, machine):
        machine.start("blue", intent=BOTH)
        self.rounds(machine).once()
        assert machine.probe() == 503

        self.beat(machine, "blue")
        self.rounds(machine).once()

        wait_until(lambda: machine.probe() == 200, 5)

    def test_weights_and_admission_are_left_as_they_are(self, machine):
        machine.start("blue", intent=replace(BOTH, admitted=False))

        self.rounds(machine).once()

        assert machine.proxy.kept() == replace(BOTH, admitted=False, live=frozenset())

    def test_health_is_bad_only_when_a_fresh_machine_would_help(self, machine):
        machine.start("blue")
        unadmit(machine)
        self.rounds(machine).once()
        assert health(machine) == "Healthy"

        self.rounds(machine, sound=False).once()

        assert health(machine) == "Unhealthy"

    def test_what_a_person_did_to_haproxy_by_hand_is_set_right(self, machine):
        machine.start("blue", "green", intent=BOTH)
        self.beat(machine, "blue")
        self.beat(machine, "green")
        machine.proxy.runtime.tell(["disable server admit/me", "set server predict/green weight 99"])

        self.rounds(machine).once()

        assert machine.proxy.look().intent == BOTH


def health(machine):
    from tests.edge import request

    status, _, document = request(machine.probe_port, "GET", "/health/azure")
    assert status == 200
    return document["ApplicationHealthState"]


def test_a_machine_that_leaves_is_not_admitted_again_by_the_release_until_it_stays(machine, tmp_path):
    """Metadata service, agent's rounds, HAProxy: all of them real but the platform."""
    machine.start("blue")
    proxy, keeper = machine.proxy, ColourProcesses(tmp_path / "releases", Path(machine.edge.folder))
    releases = ReleaseRounds(None, MachineDirectory(tmp_path), proxy, "m1", keeper, None)
    times = Timeouts(deadline_s=1, keep_alive_s=1)
    with metadata_service() as service:
        leaving = LeavingRounds(
            MetadataService(service.url), proxy, lambda: drain(proxy, times), lambda: None, NullMetrics()
        )
        releases.apply(STEADY)
        assert machine.probe() == 200
        service.events = [event("Terminate")]

        leaving.once()
        releases.apply(STEADY)

        assert machine.probe() == 503
        assert service.started == ["one"]
        service.events = []
        leaving.once()
        releases.apply(STEADY)
        assert machine.probe() == 200


def test_who_asks_for_readiness_is_known_and_nobody_else(machine):
    """So that a release sees when a balancer's rule has reached this machine."""
    machine.start("blue")
    edge = machine.proxy
    before = edge.probed_by()
    assert machine.get()[0] == 200
    assert edge.probed_by() == before

    machine.probe()

    assert edge.probed_by() == {"127.0.0.1"}
