"""The body of a request, read within its limits: by bytes and by time, declared length or chunked alike."""

import socket
from typing import IO

from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected

from lifecycle.clock import monotonic
from webapp import problems
from webapp.body_deadline import BodyDeadlines
from webapp.problems import ProblemError
from webapp.service import Limits

_PIECE_BYTES = 64 * 1024

_deadlines = BodyDeadlines()


def read_body(
    stream: IO[bytes],
    declared_bytes: int | None,
    limits: Limits,
    connection: socket.socket | None = None,
) -> bytes:
    """Raises ProblemError 413 or 408; `connection` is the client's socket, whose reads the deadline ends."""
    if declared_bytes is not None and declared_bytes > limits.max_body_bytes:
        raise _too_large(limits)
    ends = monotonic() + limits.request_deadline_s
    with _deadlines.watch(connection, ends):
        return _read(stream, limits, ends)


def _read(stream: IO[bytes], limits: Limits, ends: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := _piece(stream, ends):
        size += len(piece)
        if size > limits.max_body_bytes:
            raise _too_large(limits)
        pieces.append(piece)
        if monotonic() > ends:
            raise too_slow(limits)
    if monotonic() > ends:
        raise too_slow(limits)
    return b"".join(pieces)


def _piece(stream: IO[bytes], ends: float) -> bytes:
    try:
        return stream.read(_PIECE_BYTES)
    except ClientDisconnected:
        if monotonic() > ends:
            return b""  # it was our own deadline that ended the read
        raise
    except (OSError, ParseException) as problem:  # a chunk without its size or its end
        raise ProblemError(problems.BAD_REQUEST, "The body is no well-formed HTTP.") from problem


def too_slow(limits: Limits) -> ProblemError:
    """What is answered to whoever has not sent a whole request by the deadline."""
    return ProblemError(
        problems.REQUEST_TIMEOUT, f"The body did not arrive within {limits.request_deadline_s:g} seconds."
    )


def _too_large(limits: Limits) -> ProblemError:
    return ProblemError(
        problems.BODY_TOO_LARGE, f"The body may have at most {limits.max_body_bytes:,} bytes."
    )
