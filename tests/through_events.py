"""A Flask application whose test client's requests become bytes, and go through the event worker's loop."""

import socket
from typing import Any

from flask import Flask

_TURNS = 300


def through_events(app: Flask) -> None:
    """The worker gets the application as it is; the client is given what the worker answers."""
    from tests.workers import AsItIs, events

    served = app.wsgi_app

    class Served:
        wsgi_app = served

        def __call__(self, environ: Any, start_response: Any) -> Any:
            return served(environ, start_response)

    app.wsgi_app = _Through(events(Served(), log=AsItIs, limit_request_field_size=20_000))  # type: ignore[method-assign]


class _Through:
    def __init__(self, worker: Any) -> None:
        self.worker = worker

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        data = _request(environ)
        answer = self._answer(data, has_body=environ["REQUEST_METHOD"] != "HEAD")
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = [tuple(line.split(": ", 1)) for line in lines]
        start_response(status.partition(" ")[2], [pair for pair in headers if pair[0] not in _OWN])
        return [body]

    def _answer(self, data: bytes, *, has_body: bool) -> bytes:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self.worker.greet(theirs, "", "a:80")
        answer = b""
        for _ in range(_TURNS):
            if data:
                data = data[_sent(ours, data) :]
            self.worker.turn(0)
            answer += _received(ours)
            if _is_whole(answer, has_body=has_body):
                break
        ours.close()
        for connection in list(self.worker._clients._all):
            self.worker._clients.drop(connection)
        assert _is_whole(answer, has_body=has_body), answer
        return answer


_OWN = frozenset({"Server", "Date", "Connection"})


def _request(environ: dict[str, Any]) -> bytes:
    path = environ.get("RAW_URI") or environ["PATH_INFO"]
    lines = [f"{environ['REQUEST_METHOD']} {path} HTTP/1.1"]
    body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] != "GET" else b""
    sent = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
    sent |= {name: environ[name] for name in ("CONTENT_TYPE",) if environ.get(name)}
    if body or environ["REQUEST_METHOD"] == "POST":
        sent["CONTENT_LENGTH"] = str(len(body))
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in sent.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _sent(sock: socket.socket, data: bytes) -> int:
    try:
        return sock.send(data)
    except BlockingIOError:
        return 0


def _received(sock: socket.socket) -> bytes:
    try:
        return sock.recv(1 << 20)
    except BlockingIOError:
        return b""


def _is_whole(answer: bytes, *, has_body: bool) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return bool(separator) and (not has_body or not lengths or len(body) >= lengths[0])
