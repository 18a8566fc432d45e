"""A closed loop of kept connections in one thread: each sends its next request as soon as it has its answer."""

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_TICKS = 100  # of a CPU's time in a second, as /proc counts it


@dataclass
class Load:
    """What one block of requests gave: seconds of each, the bodies in the order of asking, and the wall clock."""

    seconds: list[float] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)
    wall_s: float = 0.0


class Ratio(NamedTuple):
    """`times` the requests of the peer, in the same run."""

    model: str
    rows: int
    service: str
    times: float


@dataclass
class _Client:
    connection: socket.socket
    number: int = -1
    began: float = 0.0
    got: bytes = b""


def load(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Every request once. Raises RuntimeError for an answer other than 200."""
    found, waiting = Load(), iter(enumerate(requests))
    begun = time.perf_counter()
    with selectors.DefaultSelector() as ready:
        for _ in range(min(connections, len(requests))):
            client = _Client(socket.create_connection(("127.0.0.1", port), timeout=60))
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(client.connection, selectors.EVENT_READ, client)
            _send(client, waiting)
        while len(found.bodies) < len(requests):
            for key, _ in ready.select(60):
                if _receive(key.data, found) and not _send(key.data, waiting):
                    ready.unregister(key.data.connection)
                    key.data.connection.close()
    found.wall_s = time.perf_counter() - begun
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """What these processes have used so far."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(each[11]) + int(each[12]) for each in fields) / _TICKS


def request_bytes(path: str, body: bytes, key: str = "") -> bytes:
    """`key`: an API key, where one is needed."""
    with_key = f"X-Api-Key: {key}\r\n" if key else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{with_key}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _send(client: _Client, waiting: "enumerate[bytes]") -> bool:
    following = next(waiting, None)
    if following is None:
        return False
    client.number, request = following
    client.began = time.perf_counter()
    client.connection.sendall(request)
    return True


def _receive(client: _Client, found: Load) -> bool:
    """Whether the answer is whole now."""
    piece = client.connection.recv(1 << 20)
    if not piece:
        raise RuntimeError("The service closed a connection.")
    client.got += piece
    head, separator, body = client.got.partition(b"\r\n\r\n")
    if not separator or len(body) < _length(head):
        return False
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode("latin-1") + body.decode("utf-8", "replace"))
    found.seconds.append(time.perf_counter() - client.began)
    found.bodies[client.number] = body
    client.got = b""
    return True


def _length(head: bytes) -> int:
    lower = head.lower()
    start = lower.index(b"content-length:") + len(b"content-length:")
    return int(lower[start:].partition(b"\r\n")[0])
