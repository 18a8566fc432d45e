"""All connections of one worker: who may send, who is waited for and until when, and how each of them ends."""

import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from lifecycle.clock import monotonic
from webapp.hot_route import Sent
from webapp.worker.connection import Connection, State
from webapp.worker.reader import Refused, RequestReader, Whole

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LINGER_S = 2.0  # for a client to read the last answer and, when the worker stops, to send what is under way
LINGER_BYTES = (
    16 * 1024 * 1024
)  # so much of a body that was refused is dropped, or the answer would be lost with it
LARGE = 64 * 1024  # of one request; connections that hold more share a budget


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds and bytes. `request_s` is for a whole head, and for a whole body after it; `write_s` for each time that
    a client takes nothing of its answer; `held_bytes` for what all connections hold of large requests.
    """

    idle_s: float
    request_s: float
    write_s: float
    held_bytes: int


class Clients:
    """`take` is given each request that is whole, or what was wrong with it; it ends with a call of `answered`.
    `too_slow` makes what is answered to a request that is not whole in time.
    """

    def __init__(
        self,
        poller: selectors.BaseSelector,
        bounds: Bounds,
        take: Callable[[Connection, Sent | Whole | Refused], None],
        too_slow: Callable[[], bytes],
    ) -> None:
        self._poller, self._bounds, self._take, self._too_slow = poller, bounds, take, too_slow
        self._all: set[Connection] = set()
        self._again: list[Connection] = []
        self._paused: list[Connection] = []
        self._idle_s = bounds.idle_s
        self.now = monotonic()

    def __len__(self) -> int:
        return len(self._all)

    def add(self, sock: socket.socket, client: Any, server: Any, reader: RequestReader) -> None:
        connection = Connection(sock, client, server, reader)
        self._all.add(connection)
        self._enter(connection, "idle", self._idle_s)

    def go_on(self) -> bool:
        """Those that have sent more than one request at once get their next turn; whether there are any."""
        again, self._again = self._again, []
        for connection in again:
            self._advance(connection)
        return bool(self._again)

    def answered(self, connection: Connection, data: bytes, keep: bool) -> None:
        """Send an answer, in one piece where the client takes it. `keep`: whether the connection stays."""
        if connection not in self._all:
            return
        connection.keep, connection.out, connection.held = keep, data, 0
        self._send(connection)

    def stop(self) -> None:
        """Whoever is silent stays for the linger at most; requests that come meanwhile are still answered."""
        self._idle_s = min(self._idle_s, LINGER_S)
        for connection in self._all:
            if connection.state == "idle":
                connection.deadline = min(connection.deadline, self.now + LINGER_S)

    def sweep(self) -> None:
        """End what is over its time, and go on with those that waited for room."""
        for connection in [each for each in self._all if each.deadline < self.now]:
            if connection.state in {"head", "body"} and not connection.out:
                self.busy(connection)
                self.answered(connection, self._too_slow(), keep=False)
            else:
                self.drop(connection)
        paused, self._paused = self._paused, []
        for connection in paused:
            if connection in self._all:
                self.watch(connection, READ)

    def busy(self, connection: Connection) -> None:
        """Nothing of it is read or timed until it is answered."""
        connection.state, connection.deadline = "busy", float("inf")
        self.watch(connection, 0)

    def drop(self, connection: Connection) -> None:
        self.watch(connection, 0)
        self._all.discard(connection)
        connection.sock.close()

    def watch(self, connection: Connection, events: int) -> None:
        if events == connection.watched:
            return
        if not events:
            self._poller.unregister(connection.sock)
        elif not connection.watched:
            self._poller.register(connection.sock, events, partial(self._on_event, connection))
        else:
            self._poller.modify(connection.sock, events, partial(self._on_event, connection))
        connection.watched = events

    def _on_event(self, connection: Connection, _sock: socket.socket) -> None:
        if connection.out:
            self._send(connection)
        elif connection.state == "busy":
            self.watch(connection, 0)
        elif self._has_room(connection):
            self._receive(connection)
        else:
            self.watch(connection, 0)
            self._paused.append(connection)

    def _has_room(self, connection: Connection) -> bool:
        if len(connection.reader.buffer) < LARGE:
            return True
        return sum(len(each.reader.buffer) + each.held for each in self._all) < self._bounds.held_bytes

    def _receive(self, connection: Connection) -> None:
        try:
            connection.receive()
        except OSError:
            self.drop(connection)
            return
        if connection.state != "closing":
            self._advance(connection)
        elif connection.reader.ended or connection.dropped > LINGER_BYTES:
            self.drop(connection)

    def _advance(self, connection: Connection) -> None:
        if connection.state == "busy" or connection not in self._all:
            return
        waiting = len(connection.reader.buffer)
        found = connection.reader.next()
        connection.held = waiting - len(connection.reader.buffer)
        if found == "more":
            self._wait(connection)
        elif found == "gone":
            self.drop(connection)
        else:
            connection.state, connection.deadline = "busy", float("inf")
            if not isinstance(found, Sent):  # most hot ones are answered before the next event
                self.watch(connection, 0)
            self._take(connection, found)

    def _wait(self, connection: Connection) -> None:
        reader = connection.reader
        state: State = "body" if reader.in_body else "head" if reader.buffer else "idle"
        if state != connection.state:
            self._enter(connection, state, self._idle_s if state == "idle" else self._bounds.request_s)
        if reader.expects_continue():
            connection.out = CONTINUE
            self._send(connection)

    def _enter(self, connection: Connection, state: State, seconds: float) -> None:
        connection.state, connection.deadline = state, self.now + seconds
        self.watch(connection, READ)

    def _send(self, connection: Connection) -> None:
        try:
            gone = not connection.out or connection.send()
        except OSError:
            self.drop(connection)
            return
        if not gone:
            connection.deadline = self.now + self._bounds.write_s
            self.watch(connection, WRITE)
        elif connection.state == "busy":
            self._sent(connection)
        else:
            self.watch(connection, READ)

    def _sent(self, connection: Connection) -> None:
        reader = connection.reader
        if not connection.keep:
            self._half_close(connection)
            return
        self._enter(connection, "idle", self._idle_s)
        if reader.buffer or reader.ended:
            self._again.append(connection)

    def _half_close(self, connection: Connection) -> None:
        """Say that no more comes, so that the client reads the last answer before it learns of the end."""
        connection.reader.buffer.clear()
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop(connection)
            return
        if connection.reader.ended:
            self.drop(connection)
        else:
            self._enter(connection, "closing", LINGER_S)
