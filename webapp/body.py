"""The body of a request, read within its limits: by bytes and by time, declared length or chunked alike."""

from typing import IO

from lifecycle.clock import monotonic
from webapp import problems
from webapp.problems import ProblemError
from webapp.service import Limits

_PIECE_BYTES = 64 * 1024


def read_body(stream: IO[bytes], declared_bytes: int | None, limits: Limits) -> bytes:
    """Raises ProblemError 413 or 408. A read that blocks longer than the deadline is the server's to end."""
    if declared_bytes is not None and declared_bytes > limits.max_body_bytes:
        raise _too_large(limits)
    started = monotonic()
    pieces: list[bytes] = []
    size = 0
    while piece := stream.read(_PIECE_BYTES):
        size += len(piece)
        if size > limits.max_body_bytes:
            raise _too_large(limits)
        if monotonic() - started > limits.request_deadline_s:
            raise ProblemError(
                problems.REQUEST_TIMEOUT,
                f"The body did not arrive within {limits.request_deadline_s:g} seconds.",
            )
        pieces.append(piece)
    return b"".join(pieces)


def _too_large(limits: Limits) -> ProblemError:
    return ProblemError(
        problems.BODY_TOO_LARGE, f"The body may have at most {limits.max_body_bytes:,} bytes."
    )
