"""Ambiguous requests through the edge proxy, and a victim after each: does anybody get what was not meant for them?

A web process may see only what the edge took for a request: the edge gives each an id of its own, a hidden one has none.
"""

import itertools
import json
import random
import re
import socket
import socketserver
import threading
import uuid
from collections import Counter
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.edge import HAPROXY
from tests.prove.front import Front
from tests.prove.small_model import ROWS
from tests.prove.smuggled import pairs

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_QUIET_S = 0.1


def smuggling(_folder, count, seed):
    """`count` pairs for each kind of web process. The twin is a proxy and a server that read framing differently."""
    if HAPROXY is None:
        pytest.skip("there is no haproxy on this machine (Debian: apt install haproxy)")
    return {
        "figure": {worker: _run(count, seed, worker) for worker in ("threads", "events")},
        "negative_control": _careless(min(count, 100), seed),
    }


def passed(result):
    figures = result["figure"].values()
    held = all(one["hidden_seen"] == one["seen_twice"] == one["victims_harmed"] == 0 for one in figures)
    real = all(
        one["reached_the_web_process"] > one["pairs"] / 20 and one["refused"] > one["pairs"] / 5
        for one in figures
    )
    return held and real and result["negative_control"]["hidden_seen"] > 0


def _run(count, seed, worker):
    front = Front(WORKER=worker)
    try:
        front.start(application="tests.prove.seen_wsgi:app")
        figure = _attacked(front, count, seed)
    finally:
        front.end()
    return figure


def _attacked(front, count, seed):
    answers = {number: _victim(front, number) for number in range(len(ROWS))}
    attacks = itertools.islice(pairs(front.key.encode(), random.Random(seed)), count)  # noqa: S311 - the same cases every time
    statuses, harmed, kinds, reached = Counter(), [], Counter(), 0
    for number, (name, data) in enumerate(attacks):
        before = len(_seen(front))
        statuses.update(_statuses(_sent(front.port, data)))
        reached += len(_seen(front)) > before
        kinds[name] += 1
        place = number % len(ROWS)
        if _victim(front, place) != answers[place]:
            harmed.append(name)
    return {"pairs": count, "kinds": len(kinds), **_judged(_seen(front)), "victims_harmed": len(harmed), "harmed_by": harmed[:5],
            "reached_the_web_process": reached, "refused": sum(many for status, many in statuses.items() if status >= 400)}  # fmt: skip


def _judged(seen):
    ids = Counter(request_id for _, _, request_id in seen)
    return {
        "requests_seen": len(seen),
        "hidden_seen": sum(many for one, many in ids.items() if one is None or not _ID.fullmatch(one)),
        "seen_twice": sum(many > 1 for one, many in ids.items() if one is not None),
    }


def _seen(front):
    path = front.folder / "machine" / "seen"
    return [json.loads(line) for line in path.read_text().splitlines()]


def _victim(front, number):
    """What a plain client gets for a row, without what differs from answer to answer."""
    connection = HTTPConnection("127.0.0.1", front.port, timeout=20)
    try:
        body = json.dumps({"instances": [ROWS[number]]})
        headers = {"Content-Type": "application/json", "X-Api-Key": front.key}
        connection.request("POST", "/api/v1/predict", body, headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
        row = document["predictions"][0]
        return (
            answer.status,
            row["label"],
            row["probabilities"],
            document["request_id"] == answer.headers["X-Request-Id"],
        )
    except (OSError, HTTPException, ValueError, KeyError) as problem:
        return repr(problem)
    finally:
        connection.close()


def _sent(port, data):
    """Whatever comes back, until it is closed or quiet."""
    got = b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(data)
        connection.settimeout(_QUIET_S)
        while more := connection.recv(65536):
            got += more
    return got


def _statuses(got):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", got)]


def _careless(count, seed):
    """A proxy that goes by chunks first, and a server that knows lengths alone."""
    seen = []
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), _server(seen))
    proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _proxy(upstream.server_port))
    for server in (upstream, proxy):
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for _, data in itertools.islice(pairs(b"key", random.Random(seed)), count):  # noqa: S311 - the same cases every time
            _sent(proxy.server_address[1], data)
    finally:
        for server in (proxy, upstream):
            server.shutdown()
            server.server_close()
    return {"pairs": count, **_judged(seen)}


def _server(seen):
    class LengthsAlone(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            length = self.headers.get("Content-Length", "0")
            self.rfile.read(int(length) if length.isdecimal() and len(length) < 6 else 0)
            seen.append((self.command, self.path, self.headers.get("X-Request-Id")))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_):
            pass

    return LengthsAlone


def _proxy(upstream_port):
    class ChunksFirst(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.settimeout(_QUIET_S)
            got = b""
            with suppress(OSError):
                while more := self.request.recv(65536):
                    got += more
            head, _, body = got.partition(b"\r\n\r\n")
            head += b"\r\nX-Request-Id: %s" % str(uuid.uuid4()).encode()
            with (
                suppress(OSError),
                socket.create_connection(("127.0.0.1", upstream_port), timeout=5) as upstream,
            ):
                upstream.sendall(head + b"\r\n\r\n" + (body if b"chunked" in head.lower() else b""))
                upstream.settimeout(_QUIET_S)
                while more := upstream.recv(65536):
                    self.request.sendall(more)

    return ChunksFirst
