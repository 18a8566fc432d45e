"""What a client meets at the edge: limits, answers of the proxy's own, request ids, slow neighbours."""

import signal
import socket
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace

import pytest

from agent.edge_counting import unanswered
from agent.edge_proxy.configuration import AddressLimits
from agent.edge_proxy.server_state import Intent
from agent.edge_proxy.timeouts import Timeouts
from tests.edge import answer_of, needs_haproxy, request, wait_until
from tests.prove.machine import free_port
from webapp.problems import OF_THE_EDGE

pytestmark = needs_haproxy
BY_STATUS = {kind.status: kind for kind in OF_THE_EDGE}


def assert_problem(answer, status):
    found, headers, document = answer
    kind = BY_STATUS[status]
    assert (found, headers["content-type"]) == (status, "application/problem+json")
    assert (document["type"], document["title"], document["status"]) == (kind.uri, kind.title, status)
    assert document["request_id"] == headers["x-request-id"]
    assert document["instance"].endswith(document["request_id"])
    assert headers["cache-control"] == "no-store"


def test_a_client_can_forge_neither_request_id_nor_address(machine):
    machine.start("blue")

    forged = {"X-Request-Id": "forged-forged", "X-Forwarded-For": "1.2.3.4", "Forwarded": "for=1.2.3.4"}
    status, headers, seen = machine.get(**forged)

    assert status == 200
    assert seen["headers"]["HTTP_X_REQUEST_ID"] == headers["x-request-id"] != "forged-forged"
    assert seen["headers"]["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert "HTTP_FORWARDED" not in seen["headers"]
    assert headers["x-request-id"] != machine.get()[1]["x-request-id"]


def test_what_is_too_large_is_refused_before_it_costs_a_place(machine):
    machine.start("blue")

    assert machine.post(b"x" * (1 << 20))[2]["bytes"] == 1 << 20
    assert_problem(machine.announce((1 << 20) + 1), 413)
    assert_problem(machine.get(**{"X-Long": "x" * 17_000}), 431)


def test_one_address_may_not_take_everything(machine):
    machine.change(limits=AddressLimits(connections=100, requests_in_10_s=5))
    machine.start("blue")

    answers = [machine.get() for _ in range(7)]

    assert [answer[0] for answer in answers] == [200] * 5 + [429] * 2
    assert_problem(answers[-1], 429)
    assert int(answers[-1][1]["retry-after"]) > 0


def test_one_address_may_not_open_every_connection(machine):
    machine.change(limits=AddressLimits(connections=3))
    machine.start("blue")
    with ExitStack() as idle:
        for _ in range(3):
            idle.enter_context(socket.create_connection(("127.0.0.1", machine.port)))
        wait_until(lambda: machine.proxy.look().sessions == 3)

        assert_problem(machine.get(), 429)


def test_without_a_web_process_the_answer_says_when_to_come_back(machine):
    machine.start()

    answer = machine.get()

    assert_problem(answer, 503)
    assert int(answer[1]["retry-after"]) > 0


def test_a_process_that_dies_or_hangs_is_told_apart(machine):
    machine.change(timeouts=Timeouts(deadline_s=1))
    machine.start("blue")

    assert_problem(machine.get("/?die=1"), 502)
    assert_problem(machine.get("/?sleep=9"), 504)


def test_a_body_that_does_not_arrive_is_answered_and_never_reaches_a_process(machine):
    machine.change(timeouts=Timeouts(deadline_s=3, header_s=1))
    machine.start("blue")

    answer = machine.raw(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    "data", [b"GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n"], ids=["no-http", "slow"]
)
def test_what_never_becomes_a_request_is_closed_without_an_answer(machine, data):
    """HAProxy's parser has no answer but its own HTML, so it gives none."""
    machine.change(timeouts=Timeouts(deadline_s=3, header_s=1))
    machine.start()

    assert machine.raw(data) == b""


def test_the_queue_is_bounded(machine):
    machine.change(places=2, waiting=2)
    machine.start("blue")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(machine.get("/?sleep=0.7"))) for _ in range(8)]
    for thread in threads:
        thread.start()
        time.sleep(0.03)
    for thread in threads:
        thread.join()

    refused = [answer for answer in answers if answer[0] != 200]
    assert len(answers) - len(refused) == 3  # one at work, two waiting
    for answer in refused:
        assert_problem(answer, 503)


def slow_clients(port, kind, count=100):
    """Connections that send a byte now and then: of the headers, of a small body, or of one that fits no buffer."""
    begin = {
        "headers": b"POST / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        "body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n",
        "large body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000,
    }[kind]
    connections = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(count)]
    for connection in connections:
        connection.sendall(begin)
    return connections


def answered(port, count=20):
    """How many of some normal requests got their answer within two seconds each."""
    good = 0
    for _ in range(count):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                good += connection.recv(100).startswith(b"HTTP/1.1 200")
        except OSError:
            continue
    return good


@pytest.mark.parametrize("kind", ["headers", "body", "large body"])
def test_a_hundred_slow_clients_hold_nobody_up(machine, kind):
    machine.start("blue")

    slow = slow_clients(machine.port, kind)
    try:
        assert answered(machine.port) == 20
    finally:
        for connection in slow:
            connection.close()


def test_control_without_the_edge_proxy_they_stop_the_service(machine):
    port = free_port()
    machine.start_web("blue", bind=f"127.0.0.1:{port}")
    assert answered(port, 5) == 5

    slow = slow_clients(port, "body")
    try:
        assert answered(port, 3) == 0
    finally:
        for connection in slow:
            connection.close()


def test_behind_a_balancer_the_client_is_the_one_that_the_proxy_header_names(machine):
    trusted, closed = free_port(), free_port()
    listener = machine.edge.listeners[0]
    machine.change(
        listeners=[
            listener,
            replace(listener, address=f"127.0.0.1:{trusted}", balancers=("127.0.0.1",)),
            replace(listener, address=f"127.0.0.1:{closed}", balancers=("192.0.2.1",)),
        ]
    )
    machine.start("blue")
    header = (
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + bytes([203, 0, 113, 9, 10, 0, 0, 1]) + b"\x12\x34\x01\xbb"
    )

    def ask(port):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(header + b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(65536), b""))

    assert b'"HTTP_X_FORWARDED_FOR": "203.0.113.9"' in ask(trusted)
    with pytest.raises(ConnectionError):
        ask(closed)
    assert request(machine.port, "GET", "/")[0] == 200


def test_traffic_is_shared_by_weight(machine):
    machine.start("blue", "green", intent=Intent(admitted=True, weights={"blue": 90, "green": 10}))

    colours = [machine.get()[2]["colour"] for _ in range(100)]

    assert colours.count("green") == 10


def test_what_a_dead_colour_did_not_answer_is_counted_for_it(machine):
    machine.start("blue", "green", intent=Intent(admitted=True, weights={"blue": 50, "green": 50}))
    before = unanswered(machine.proxy.runtime.statistics())
    machine.stop("green", signal.SIGKILL)

    answers = [machine.get() for _ in range(20)]

    after = unanswered(machine.proxy.runtime.statistics())
    broken = [status for status, *_ in answers if status != 200]
    assert len(broken) <= 2, "only what was sent on a connection that it had kept"
    assert after["green"] - before["green"] >= 5
    assert after["blue"] == before["blue"]


@pytest.mark.parametrize("places", [2, 16], ids=["some wait", "nobody waits"])
def test_no_request_meets_a_switch_of_colours(machine, places):
    """Many switches under busy clients, for the moment between two commands is short."""
    machine.change(places=places, limits=AddressLimits(requests_in_10_s=1_000_000))
    machine.start("blue", "green")
    stop, answers = threading.Event(), []

    def ask():
        while not stop.is_set():
            answers.append(machine.get()[0])

    clients = [threading.Thread(target=ask) for _ in range(8)]
    for client in clients:
        client.start()
    for number in range(100):
        weights = {"blue": 100, "green": 0} if number % 2 else {"blue": 0, "green": 100}
        machine.proxy.change(lambda intent, weights=weights: replace(intent, weights=weights))
        time.sleep(0.02)
    stop.set()
    for client in clients:
        client.join()

    assert Counter(answers) == {200: len(answers)}
    assert len(answers) > 100


def test_nobody_waits_in_vain_for_a_service_that_is_slower_than_its_clients(machine):
    """Ten requests a second are done, forty come: without a look at the pace most would wait until their time is over."""
    machine.change(places=2)
    machine.start("blue")
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(machine.get("/?sleep=0.1"))) for _ in range(160)
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.025)
    for thread in threads:
        thread.join()

    refused = [answer for answer in answers if answer[0] != 200]
    assert len(refused) > 60
    for answer in refused:
        assert_problem(answer, 503)
        assert int(answer[1]["retry-after"]) > 0
    logged = (machine.folder / "haproxy.log").read_text()
    assert '"end":"PR--"' in logged  # refused at once
    assert '"end":"sQ--"' not in logged  # nobody's time in the queue was over


def test_many_at_once_wait_for_a_service_that_was_idle(machine):
    machine.change(places=4)
    machine.start("blue")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(machine.get()[0])) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(answers) == {200: 60}


def test_bursts_after_a_silence_are_all_answered(machine):
    """HAProxy's threads look at their clocks apart: one may find the other's moment in its own future."""
    machine.change(places=4)
    machine.start("blue")
    together, answers = threading.Barrier(16), []

    def ask():
        connection = machine.connect()
        for _ in range(12):
            together.wait()
            connection.request("GET", "/?sleep=0.005")
            answers.append(answer_of(connection.getresponse())[0])
            time.sleep(0.4)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(answers) == {200: 192}


def test_who_comes_while_all_stand_still_waits(machine):
    """A web process may be held up for a second: then there is no pace, and a moment later there is."""
    machine.change(places=2)
    machine.start("blue")
    answers = []
    asked = ["/?sleep=1.2"] + ["/"] * 60
    threads = [
        threading.Thread(target=lambda path=path: answers.append(machine.get(path)[0])) for path in asked
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.03)
    for thread in threads:
        thread.join()

    assert Counter(answers) == {200: 61}
