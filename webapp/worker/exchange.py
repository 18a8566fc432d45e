"""One request in Gunicorn's own hands: what its threads take for a connection, though no socket is behind it.

The request is whole before it comes here and its answer is sent after it left, so that no slow client holds a thread.
"""

from typing import IO, Any

from webapp.worker.reader import Whole, is_spent


class Outbox:
    """Takes what Gunicorn sends. Answers of this service are documents and pages: each fits into memory."""

    def __init__(self) -> None:
        self.sent = bytearray()

    def send(self, data: bytes) -> int:
        self.sent += data
        return len(data)

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> int:
        file.seek(offset)
        return self.send(file.read(-1 if count is None else count))

    def setblocking(self, _flag: bool) -> None:
        """There is nothing to wait for."""

    def gettimeout(self) -> float:
        return 0.0

    def shutdown(self, _how: int) -> None:
        """Raises OSError: whoever closes a connection must leave that to the loop."""
        raise OSError("The connection is the loop's.")

    def close(self) -> None:
        """The loop closes the connection."""


class OneRequest:
    """Gunicorn's parser with its one request parsed already."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole

    def __next__(self) -> Any:
        return self._whole.request

    def finish_body(self, deadline: float | None = None) -> bool:  # noqa: ARG002 - Gunicorn's signature
        return is_spent(self._whole.request)


class Exchange:
    """What `ThreadWorker.handle` takes for a connection."""

    initialized = data_ready = True
    is_http2 = False

    def __init__(self, whole: Whole, client: Any, server: Any) -> None:
        self.parser, self.client, self.server = OneRequest(whole), client, server
        self.sock = Outbox()

    def init(self) -> None:
        """It is."""
