"""One client's connection in the loop: its socket, what has come and what is still to go."""

import socket
from typing import Any, Literal

from webapp.worker.reader import RequestReader

# idle: nothing of a request has come; busy: one is being answered; closing: what still comes is read and dropped
State = Literal["idle", "head", "body", "busy", "closing"]

_READ = 64 * 1024
_READ_BODY = 1024 * 1024


class Connection:
    """`deadline` is the monotonic time at which its state ends. `keep`: whether it stays once `out`, what is still to
    be sent, has gone. `held`: bytes of the request that is being answered. `watched`: the events that the loop is told of.
    """

    __slots__ = (
        "client",
        "deadline",
        "dropped",
        "held",
        "keep",
        "out",
        "reader",
        "server",
        "sock",
        "state",
        "watched",
    )

    def __init__(self, sock: socket.socket, client: Any, server: Any, reader: RequestReader) -> None:
        self.sock, self.client, self.server, self.reader = sock, client, server, reader
        self.state: State = "idle"
        self.deadline = float("inf")
        self.keep = True
        self.out = b""
        self.watched = 0
        self.held = 0
        self.dropped = 0
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def receive(self) -> None:
        """Take what has come. Raises OSError for a broken connection."""
        try:
            piece = self.sock.recv(_READ_BODY if self.state == "body" else _READ)
        except BlockingIOError:
            return
        if not piece:
            self.reader.ended = True
        elif self.state == "closing":
            self.dropped += len(piece)
        else:
            self.reader.buffer += piece

    def send(self) -> bool:
        """Whether all of `out` has gone. Raises OSError for a broken connection."""
        try:
            sent = self.sock.send(self.out)
        except BlockingIOError:
            return False
        self.out = self.out[sent:]
        return not self.out
