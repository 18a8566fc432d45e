"""Requests at given moments, whether the earlier ones were answered or not, in one thread: what the outside world does.

Every request has a connection of its own, as those of many clients have.
"""

import selectors
import socket
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """`at`: when it was sent, in seconds from the start. `status` 0: cut off, or none within `patience_s`."""

    at: float
    seconds: float
    status: int
    retry_after: bool


@dataclass(slots=True)
class _Client:
    connection: socket.socket
    at: float
    began: float
    got: bytes = b""
    sent: bool = False


def open_loop(port, data, moments, patience_s=15.0):
    """`data` is sent at each of the moments; answers in no particular order."""
    found, waiting, begun = [], list(reversed(moments)), time.perf_counter()
    with selectors.DefaultSelector() as ready:
        while waiting or ready.get_map():
            now = time.perf_counter()
            while waiting and begun + waiting[-1] <= now:
                _begin(ready, port, waiting.pop(), found)
            pause = min(0.05, begun + waiting[-1] - time.perf_counter()) if waiting else 0.05
            for key, events in ready.select(max(0.0, pause)) if ready.get_map() else ():
                _advance(ready, key.data, events, data, found)
            if not ready.get_map() and waiting:
                time.sleep(max(0.0, begun + waiting[-1] - time.perf_counter()))
            _give_up(ready, patience_s, found)
    return found


def _begin(ready, port, at, found):
    connection = socket.socket()
    connection.setblocking(False)
    client = _Client(connection, at, time.perf_counter())
    connection.connect_ex(("127.0.0.1", port))
    ready.register(connection, selectors.EVENT_WRITE, client)


def _advance(ready, client, events, data, found):
    try:
        if not client.sent:
            client.connection.sendall(data)
            client.sent = True
            ready.modify(client.connection, selectors.EVENT_READ, client)
            return
        got = client.connection.recv(65536)
    except OSError:
        got = b""
    client.got += got
    if not got or _is_whole(client.got):
        _end(ready, client, found)


def _is_whole(got):
    head, separator, body = got.partition(b"\r\n\r\n")
    if not separator:
        return False
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0])


def _end(ready, client, found):
    ready.unregister(client.connection)
    client.connection.close()
    status = int(client.got[9:12]) if _is_whole(client.got) else 0
    retry = b"\r\nretry-after:" in client.got.lower()
    found.append(Answer(client.at, time.perf_counter() - client.began, status, retry))


def _give_up(ready, patience_s, found):
    now = time.perf_counter()
    for client in [key.data for key in ready.get_map().values() if now - key.data.began > patience_s]:
        client.got = b""
        _end(ready, client, found)
