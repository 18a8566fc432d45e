"""Bytes of one connection → its requests, each of them whole. No socket, no clock: the same bytes, the same verdicts.

Every head is parsed by Gunicorn's own parser. It reads by waiting, so it is shown what has come so far; where it
would wait for more it is stopped, and begins anew when there is more. A head is short: that costs less than a thread.
"""

import io
from dataclasses import dataclass
from typing import Any, Literal

from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from webapp.hot_route import Sent
from webapp.worker.chunks import ChunkScan, Extent
from webapp.worker.heads import HotHeads
from webapp.worker.limits import HeadLimits

PIECE = 8192  # as Gunicorn reads a socket while it parses
LARGEST_PIECE = 256 * 1024  # what a reader does not take of it is copied with every read

BEYOND = (
    128 * 1024
)  # of a chunked body: who reads it in large pieces must see that it is too large, not that it ends

SHORT_HEAD = 4096  # bytes that are parsed anew with everything that comes
GROWTH = 1.25


class MoreNeededError(Exception):
    """The parser would wait here."""


@dataclass(frozen=True, slots=True)
class Whole:
    """`request` as Gunicorn parsed it. It reads its body from what has come, and what follows it is left over."""

    request: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """What Gunicorn's parser raised; where the next request would begin is unknown."""

    error: Exception


Next = Whole | Refused | Sent | Literal["more", "gone"]


class Shown(Unreader):  # type: ignore[misc]  # Gunicorn publishes no types
    """What has come of a connection, to Gunicorn's parser and then to whoever reads the body."""

    def __init__(self, data: bytes, *, ended: bool) -> None:
        super().__init__()
        self._data, self._at, self._ended = data, 0, ended

    def chunk(self, size_hint: int | None = None) -> bytes:
        piece = self._data[self._at : self._at + min(max(size_hint or 0, PIECE), LARGEST_PIECE)]
        if not piece and not self._ended:
            raise MoreNeededError
        self._at += len(piece)
        return piece

    def left(self) -> bytes:
        """What nobody has taken."""
        return bytes(self.buf.getvalue()) + self._data[self._at :]

    def hold(self, data: bytes) -> None:
        """From here on it is this and no more."""
        self.buf = io.BytesIO()
        self._data, self._at, self._ended = data, 0, True


class RequestReader:
    """`client` is the peer's address as `accept` gave it; `hot` recognises what the loop answers itself."""

    def __init__(self, cfg: Any, client: Any, most_body: int, hot: HotHeads | None = None) -> None:
        self.buffer = bytearray()
        self.ended = False
        self._cfg, self._client, self._most = cfg, client, most_body
        self._limits = HeadLimits.of(cfg)
        self._hot = hot
        self._request: Any = None
        self._scan: ChunkScan | None = None
        self._in_hot_body = False
        self._tried = 0
        self._number = 0

    @property
    def in_body(self) -> bool:
        """Whether a head was accepted whose body is still on its way."""
        return self._request is not None or self._in_hot_body

    def next(self) -> Next:
        """The next request once it is whole. After Refused or "gone" there is none."""
        if self._request is None:
            found = self._hot.find(self) if self._hot is not None and self.buffer else None
            self._in_hot_body = found == "more"
            if found is not None:
                return found
            verdict = self._head()
            if verdict is not None:
                return verdict
        return self._body()

    def expects_continue(self) -> bool:
        """Whether the client waits to be asked for the body. Says so once."""
        request = self._request
        if request is None or not request._expected_100_continue:  # noqa: SLF001 - as Gunicorn's own `create` does
            return False
        request._expected_100_continue = False  # noqa: SLF001
        return True

    def parse(self, head: bytes, *, ended: bool) -> tuple[Any, int]:
        """A request and how many bytes its head has. Raises what Gunicorn's parser raises, and MoreNeededError."""
        shown = Shown(head, ended=ended)
        request = Request(self._cfg, shown, self._client, self._number + 1)
        return request, len(head) - len(shown.left())

    def _head(self) -> Refused | Literal["more", "gone"] | None:
        if not self.buffer:
            return "gone" if self.ended else "more"
        if not self._is_worth_parsing():
            return "more"
        try:
            self._request, length = self.parse(bytes(self.buffer[: self._limits.head]), ended=self.ended)
        except MoreNeededError:
            return "more"
        except (NoMoreData, StopIteration):
            return "gone"
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker answers it as Gunicorn's own would
            return Refused(error)
        self._tried = 0
        self._number += 1
        del self.buffer[:length]
        if isinstance(self._request.body.reader, ChunkedReader):
            self._scan = ChunkScan(self._limits, self._most + BEYOND)
        return None

    def _is_worth_parsing(self) -> bool:
        """A long head is not begun anew for every byte: whoever sent it so would have us work and send little."""
        tried, size = self._tried, len(self.buffer)
        may_be_whole = self.buffer.find(b"\r\n\r\n", max(0, tried - 3)) >= 0
        if self.ended or may_be_whole or size < SHORT_HEAD or size > tried * GROWTH:
            self._tried = size
            return True
        return False

    def _body(self) -> Whole | Literal["more"]:
        extent = self._extent()
        if extent == "more" and not self.ended:
            return "more"
        request, self._request, self._scan = self._request, None, None
        request.unreader.hold(bytes(self.buffer))
        self.buffer.clear()
        if extent == "large" and not self.ended:
            request.force_close()
        return Whole(request)

    def _extent(self) -> Extent:
        if self._scan is not None:
            return self._scan.look(self.buffer)
        length = self._request.body.reader.length
        if length > self._most:
            return "large"
        return "whole" if len(self.buffer) >= length else "more"


def is_spent(request: Any) -> bool:
    """Drop what the application left of the body; False where nothing may follow. Raises what Gunicorn's reader does."""
    if request.body.failed or request.must_close:
        return False
    while request.body.read(PIECE):
        pass
    return True
