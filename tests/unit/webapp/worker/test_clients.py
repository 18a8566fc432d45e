"""How the event worker treats clients that are slow, silent, greedy or gone, and those that ask at the same time."""

import errno
import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import replace

import orjson
import pytest

from lifecycle.errors import ModelFailureError
from lifecycle.model import Model
from tests.serving import LIMITS, service_for
from tests.workers import App, config, events, quick
from webapp.app import create_app
from webapp.hot_route import Head, HotRoute, Sent
from webapp.worker.event_worker import EventWorker, is_watched
from webapp.worker.reader import RequestReader

HEAD = b"POST /api/v1/predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
ROWS = quick().rows


def request(rows, more=b""):
    body = orjson.dumps({"instances": list(rows)})
    return HEAD + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Loop:
    """A worker and its clients."""

    def __init__(self, built=None, deadline_s=0.15, **changes):
        self.service = service_for(built or quick(), replace(LIMITS, request_deadline_s=deadline_s))
        self.worker = events(create_app(self.service), **changes)
        self.stack = ExitStack()

    def end(self):
        self.stack.close()
        for connection in list(self.worker._clients._all):
            self.worker._clients.drop(connection)
        self.worker.poller.close()

    def client(self):
        ours, theirs = socket.socketpair()
        self.stack.enter_context(ours)
        ours.setblocking(False)
        self.worker.greet(theirs, "", "")
        return ours

    def turns(self, seconds=0.0):
        ends = time.monotonic() + seconds
        for _ in range(5):
            self.worker.turn(0)
        while time.monotonic() < ends:
            self.worker.turn(0.02)
            self.worker._clients.sweep()

    def got(self, client):
        """What has come, and whether the connection was ended."""
        data = b""
        with suppress(BlockingIOError):
            while piece := client.recv(1 << 20):
                data += piece
            return data, True
        return data, False


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.end()


@pytest.mark.parametrize("start", [HEAD[:20], HEAD + b"Content-Length: 500\r\n\r\n{"])
def test_a_request_that_is_not_whole_in_time_is_told_so(loop, start):
    slow, other = loop.client(), loop.client()
    slow.send(start)
    loop.turns(0.05)
    other.send(request(ROWS[:1]))
    loop.turns()
    assert loop.got(other)[0].startswith(b"HTTP/1.1 200")

    loop.turns(0.3)

    told, ended = loop.got(slow)
    assert told.startswith(b"HTTP/1.1 408")
    assert ended


def test_dribbling_does_not_lengthen_the_deadline(loop):
    slow = loop.client()
    for byte in HEAD[:12]:
        with suppress(OSError):
            slow.send(bytes([byte]))
        loop.turns(0.03)

    assert loop.got(slow)[0].startswith(b"HTTP/1.1 408")


def test_a_hundred_slow_clients_hold_up_nobody(loop):
    for _ in range(100):
        loop.client().send(HEAD + b"Content-Length: 500\r\n\r\n{")
    other = loop.client()
    other.send(request(ROWS[:1]))
    loop.turns()

    assert loop.got(other)[0].startswith(b"HTTP/1.1 200")


def test_a_silent_connection_is_ended_without_a_word():
    loop = Loop(keepalive=1)
    loop.worker._clients._idle_s = 0.05
    silent = loop.client()
    loop.turns(0.2)

    assert loop.got(silent) == (b"", True)
    loop.end()


def test_a_client_that_vanishes_leaves_nothing(loop):
    gone = loop.client()
    gone.send(HEAD + b"Content-Length: 500\r\n\r\n{")
    loop.turns()
    gone.close()
    loop.turns(0.05)

    assert len(loop.worker._clients) == 0


def test_who_takes_nothing_of_an_answer_is_dropped_and_holds_up_nobody(loop):
    loop.worker._clients._bounds = replace(loop.worker._clients._bounds, write_s=0.1)
    greedy = loop.client()
    with suppress(BlockingIOError):
        for _ in range(3000):
            greedy.send(request(ROWS[:40]))
            loop.worker.turn(0)
    other = loop.client()
    other.send(request(ROWS[:1]))
    loop.turns()
    assert loop.got(other)[0].startswith(b"HTTP/1.1 200")

    loop.turns(0.3)

    assert len(loop.worker._clients) == 1


def test_large_bodies_share_a_budget(loop):
    clients = loop.worker._clients
    clients._bounds = replace(clients._bounds, held_bytes=150_000)
    for _ in range(3):
        client = loop.client()
        with suppress(BlockingIOError):
            client.send(HEAD + b"Content-Length: 190000\r\n\r\n" + b"x" * 100_000)
        loop.turns()

    assert sum(len(each.reader.buffer) for each in clients._all) < 250_000


def test_bodies_that_wait_to_be_answered_count_too(loop):
    clients = loop.worker._clients
    clients._bounds = replace(clients._bounds, held_bytes=150_000)
    loop.worker._predicting.submit = lambda *_: None
    for _ in range(4):
        client = loop.client()
        with suppress(BlockingIOError):
            client.send(HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000)
        loop.turns()

    assert 0 < sum(each.held > 0 for each in clients._all) < 3


def test_a_long_head_that_dribbles_is_not_parsed_anew_for_every_byte(loop, monkeypatch):
    parsed = []
    parse = RequestReader.parse
    monkeypatch.setattr(
        RequestReader, "parse", lambda self, *a, **k: parsed.append(1) or parse(self, *a, **k)
    )
    client = loop.client()
    client.send(HEAD + b"X-A: " + b"x" * 4000 + b"\r\nX-B: " + b"x" * 2000)
    loop.turns()
    before = len(parsed)
    for _ in range(100):
        client.send(b"x")
        loop.worker.turn(0)

    assert len(parsed) == before
    client.send(b"\r\nContent-Length: 2\r\n\r\n{}")
    loop.turns()
    assert loop.got(client)[0].startswith(b"HTTP/1.1 422")


def test_without_a_file_left_nobody_is_accepted_for_a_moment(loop):
    class Full:
        def accept(self):
            raise OSError(errno.EMFILE, "too many")

    loop.worker.accept(Full())

    assert not loop.worker._may_accept()
    loop.turns(0.25)
    assert loop.worker._may_accept()


class Counting(Model):
    """Notes how many rows it was asked at once, and refuses some."""

    asked = ()

    def predict(self, columns, rows, method=None, sizes=None):
        type(self).asked += (rows,)
        if -99.0 in columns["delay"]:
            raise ModelFailureError("refused")
        return super().predict(columns, rows, method, sizes)


@pytest.fixture
def counting():
    built = quick()
    model = built.model
    counted = Counting(
        model.name, model.version, model.digest, model.signature, model.estimator, model.fast, by_rows=True
    )
    Counting.asked = ()
    made = Loop(replace(built, model=counted))
    Counting.asked = ()
    yield made
    made.end()


def predictions(answer):
    document = orjson.loads(answer.partition(b"\r\n\r\n")[2])
    return [{name: row[name] for name in ("label", "probabilities")} for row in document["predictions"]]


def test_requests_that_are_ready_together_are_predicted_as_one_and_answered_as_alone(counting):
    parts = [ROWS[:1], ROWS[1:4], ROWS[4:5]]
    clients = [counting.client() for _ in parts]
    for client, rows in zip(clients, parts, strict=True):
        client.send(request(rows))
    counting.turns()
    together = [predictions(counting.got(client)[0]) for client in clients]
    asked = Counting.asked

    alone = []
    for rows in parts:
        client = counting.client()
        client.send(request(rows))
        counting.turns()
        alone.append(predictions(counting.got(client)[0]))

    assert asked == (5,)
    assert together == alone


def test_nobody_waits_for_a_batch_that_is_not_his_own(counting):
    model = counting.service.traffic().champion.model
    object.__setattr__(model, "by_rows", False)
    body = orjson.dumps({"instances": list(ROWS[:1])})
    sent = [Sent(Head(content_type="application/json"), body, f"request-{number}") for number in range(3)]

    asked = []
    for place, answer in HotRoute(counting.service).answer_together(sent):
        asked.append((place, answer.status, Counting.asked))

    assert asked == [(0, 200, (1,)), (1, 200, (1, 1)), (2, 200, (1, 1, 1))]


def test_a_row_that_the_model_refuses_is_its_own_request_s_fault(counting):
    clients = [counting.client() for _ in range(3)]
    for client, rows in zip(clients, [ROWS[:1], [ROWS[1] | {"delay": -99.0}], ROWS[2:3]], strict=True):
        client.send(request(rows))
    counting.turns()

    assert [counting.got(client)[0][9:12] for client in clients] == [b"200", b"500", b"200"]


def test_a_batch_has_no_more_rows_than_it_may():
    loop = Loop()
    clients = [loop.client() for _ in range(12)]
    for client in clients:
        client.send(request(ROWS[:40]))
    loop.turns()

    assert all(loop.got(client)[0].startswith(b"HTTP/1.1 200") for client in clients)
    loop.end()


def test_what_takes_long_is_asked_aside(counting):
    handed = []
    counting.worker._predicting.submit = lambda *step: handed.append(step)
    client, other = counting.client(), counting.client()
    client.send(request(ROWS[:1]))
    other.send(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    counting.worker._answers._seconds = {counting.worker._answers._now(): 1.0}
    counting.turns()

    assert counting.got(client) == (b"", False)
    assert counting.got(other)[0].startswith(b"HTTP/1.1 200")
    step, batch = handed[0]
    step(batch)
    counting.turns()
    assert counting.got(client)[0].startswith(b"HTTP/1.1 200")


def test_after_so_many_requests_a_worker_ends_and_says_so():
    loop = Loop(max_requests=2)
    client = loop.client()
    client.send(request(ROWS[:1]))
    loop.turns()
    assert b"Connection: keep-alive" in loop.got(client)[0]
    client.send(request(ROWS[:1]))
    loop.turns()

    answer, ended = loop.got(client)
    assert b"Connection: close" in answer
    assert ended
    assert not loop.worker.alive
    loop.end()


def test_at_a_stop_those_who_ask_are_answered_and_the_silent_are_let_go(loop):
    silent, asking = loop.client(), loop.client()
    loop.turns()
    loop.worker.alive = False
    loop.worker._clients.stop()
    asking.send(request(ROWS[:1]))
    loop.turns()
    answer, ended = loop.got(asking)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in answer
    assert ended

    loop.turns(2.2)

    assert loop.got(silent) == (b"", True)


def test_whoever_hooks_into_each_request_sees_each(loop):
    seen = []
    hooked = Loop(pre_request=lambda _worker, req: seen.append(req.path))
    client = hooked.client()
    client.send(request(ROWS[:1]))
    hooked.turns()

    assert hooked.got(client)[0].startswith(b"HTTP/1.1 200")
    assert seen == ["/api/v1/predict"]
    assert is_watched(hooked.worker.cfg, hooked.worker.log)
    hooked.end()


def test_what_it_does_not_speak_it_says():
    with pytest.raises(ValueError, match="plain HTTP"):
        EventWorker.check_config(config(certfile=__file__, keyfile=__file__), None)


def test_another_application_is_served_as_well():
    def plain(_environ, start_response):
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    worker = events(plain)
    ours, theirs = socket.socketpair()
    with ours:
        worker.greet(theirs, "", "")
        ours.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(3):
            worker.turn(0)
        assert ours.recv(1000).endswith(b"\r\n\r\nok")
    worker._clients.drop(next(iter(worker._clients._all)))
    assert App(plain).wsgi() is plain
