"""Gunicorn's stock threads; what its own parser refuses is answered as a problem document like everything else."""

from collections.abc import Callable
from typing import Any

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from lifecycle.logs import get_logger
from webapp import problems, request_ids
from webapp.failures import where
from webapp.http_answer import Answer
from webapp.problems import ProblemError

log = get_logger(__name__)

_CLIENTS_FAULTS = (errors.ParseException, errors.NoMoreData)


class ProblemWorker(ThreadWorker):  # type: ignore[misc]  # Gunicorn publishes no types
    beat: Callable[[], None] | None = None  # set by gunicorn.conf.py where somebody looks for a heartbeat

    def notify(self) -> None:
        """Called in every turn of the loop, once a second at least."""
        super().notify()
        if self.beat:
            self.beat()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:  # noqa: ARG002 - Gunicorn's signature
        problem = problem_of_parsing(exc)
        if problem.kind is problems.INTERNAL_ERROR:
            log.error("server_failed", kind=type(exc).__name__, where=where(exc))
        else:
            log.warning("request_not_parsed", kind=type(exc).__name__)
        try:
            util.write_nonblock(client, closing_answer(problem))
        except OSError:
            log.debug("answer_not_sent", kind=type(exc).__name__)


def problem_of_parsing(error: Exception) -> ProblemError:
    """What Gunicorn refuses before the application sees it; its texts are not shown, for they repeat what was sent."""
    if isinstance(error, errors.LimitRequestLine):
        return ProblemError(problems.URI_TOO_LONG, "The request's first line is too long.")
    if isinstance(error, errors.LimitRequestHeaders):
        return ProblemError(problems.HEADERS_TOO_LARGE, "The request has too many or too long headers.")
    if isinstance(error, _CLIENTS_FAULTS):
        return ProblemError(problems.BAD_REQUEST, "The request is no well-formed HTTP.")
    return ProblemError(problems.INTERNAL_ERROR, "The service failed before it could read the request.")


def closing_answer(problem: ProblemError) -> bytes:
    """The whole answer as bytes; nothing more can be read from a connection whose framing is lost."""
    answer = Answer.of_problem(problem, request_ids.accept_or_mint(None))
    headers = (*answer.headers, ("Content-Length", str(len(answer.body))), ("Connection", "close"))
    lines = [
        f"HTTP/1.1 {answer.status} {problem.kind.title}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body
