"""A request's body must be whole within its deadline, however slowly its client dribbles.

A blocking read returns only when its piece is full. So one thread a process watches the sockets that are being read
from, and closes the reading side of those whose time is over: the read then ends at once.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lifecycle.clock import monotonic

_LOOK_EVERY_S = 0.25


class BodyDeadlines:
    """Started by its first use, so that a process that was forked has a watcher of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading: dict[int, tuple[float, socket.socket]] = {}
        self._watcher: threading.Thread | None = None

    @contextmanager
    def watch(self, connection: socket.socket | None, ends: float) -> Iterator[None]:
        """While inside, the connection may be read from until `ends`, a monotonic time; None is not watched."""
        if connection is None:
            yield
            return
        key = id(connection)
        with self._lock:
            self._reading[key] = (ends, connection)
            if self._watcher is None or not self._watcher.is_alive():
                self._watcher = threading.Thread(target=self._look, name="body-deadlines", daemon=True)
                self._watcher.start()
        try:
            yield
        finally:
            with self._lock:
                self._reading.pop(key, None)

    def _look(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(_LOOK_EVERY_S)
            self.end_overdue()

    def end_overdue(self) -> None:
        now = monotonic()
        with self._lock:
            overdue = [connection for ends, connection in self._reading.values() if ends < now]
        for connection in overdue:
            try:
                connection.shutdown(socket.SHUT_RD)
            except OSError:
                continue  # its client was faster
