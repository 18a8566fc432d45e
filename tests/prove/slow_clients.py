"""Clients that dribble headers, dribble bodies and hardly read, against those who ask as they should."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from agent.edge_proxy.configuration import BUFFER_BYTES
from tests.edge import HAPROXY
from tests.prove.front import Front, write_narrow_model
from tests.prove.open_loop import open_loop

ROW = {"a": 1}
GOOD_SHARE = 0.999
KINDS = ("headers", "small bodies", "large bodies", "readers", "readers of much")
_RATE = 50
_DRIBBLE_S = 1.0
_SMALL = 3800  # rows: a request that is buffered, with an answer of half a megabyte
_MUCH = 9000


def slow_clients(_folder, count, seed):
    """`count` of each of the three kinds, through the shipped proxy and both kinds of web process; the twin without it."""
    if HAPROXY is None:
        pytest.skip("there is no haproxy on this machine (Debian: apt install haproxy)")
    full = count >= 500
    return {
        "figure": {worker: _run(count, 60 if full else 3, WORKER=worker) for worker in ("threads", "events")},
        "negative_control": _run(count, 10 if full else 3, without_proxy=True, WORKER="threads"),
    }


def passed(result):
    sound = all(_good(figure) >= GOOD_SHARE for figure in result["figure"].values())
    met = all(figure["slow_connections"] >= figure["slow_clients"] for figure in result["figure"].values())
    return sound and met and _good(result["negative_control"]) < 0.9


def _good(figure):
    return figure["good"] / figure["asked"]


def _run(count, seconds, without_proxy=False, **settings):
    front = Front(without_proxy=without_proxy, write=write_narrow_model, **settings).start()
    try:
        data = front.predict(ROW, more=b"Connection: close\r\n")
        with Slow(front, count) as slow:
            time.sleep(3)
            found = open_loop(front.port, data, [number / _RATE for number in range(_RATE * seconds)], 5.0)
            opened = slow.opened
    finally:
        front.end()
    good = sum(one.status == 200 for one in found)
    return {
        "slow_clients": 3 * count, "slow_connections": opened, "seconds": seconds, "asked": len(found), "good": good,
        "refused": sum(one.status in {429, 503} for one in found), "slowest_ms": round(max(one.seconds for one in found) * 1e3),
    }  # fmt: skip


class Slow:
    """Who is closed comes again. A third dribbles headers, a third bodies, a third hardly reads."""

    def __init__(self, front, count):
        self._front, self._stop, self.opened = front, threading.Event(), 0
        kinds = ["headers"] * count
        kinds += ["small bodies"] * (count // 2) + ["large bodies"] * (count - count // 2)
        kinds += ["readers"] * (count - count // 4) + ["readers of much"] * (count // 4)
        self._begin = {
            "headers": b"POST /api/v1/predict HTTP/1.1\r\nHost: a\r\nX-Slow: ",
            "small bodies": front.head(1000),
            "large bodies": front.head(200_000) + b" " * (BUFFER_BYTES + 4096 - len(front.head(200_000))),
            "readers": front.predict(ROW, _SMALL),
            "readers of much": front.predict(ROW, _MUCH),
        }
        self._clients = dict.fromkeys(range(len(kinds)))
        self._kinds = kinds
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(60)
        for connection in self._clients.values():
            if connection is not None:
                connection.close()

    def _run(self):
        while not self._stop.is_set():
            begun = time.monotonic()
            for number, kind in enumerate(self._kinds):
                self._step(number, kind)
            self._stop.wait(max(0.0, _DRIBBLE_S - (time.monotonic() - begun)))

    def _step(self, number, kind):
        connection = self._clients[number]
        try:
            if connection is None:
                self._clients[number] = self._opened(kind)
            elif kind.startswith("readers"):
                if not connection.recv(1):
                    raise ConnectionError
            else:
                connection.send(b"x")
                with suppress(BlockingIOError):
                    connection.recv(1)
                    raise ConnectionError  # it was answered: refused
        except BlockingIOError:
            return
        except OSError:
            if connection is not None:
                connection.close()
            self._clients[number] = None

    def _opened(self, kind):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(2)
        try:
            connection.connect(("127.0.0.1", self._front.port))
            connection.sendall(self._begin[kind])
        except OSError:
            connection.close()
            raise
        connection.setblocking(False)
        self.opened += 1
        return connection
