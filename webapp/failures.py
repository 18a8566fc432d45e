"""Whatever was raised → the problem that is answered for it. The domain raises facts; they get a status here."""

import traceback

from lifecycle.errors import ModelFailureError
from lifecycle.logs import get_logger
from webapp import problems
from webapp.contract import InvalidRequestError
from webapp.problems import ProblemError
from webapp.strict_json import MalformedJsonError

RETRY_AFTER_S = 5
LOGGED_FRAMES = 8

log = get_logger(__name__)


def problem_of(error: Exception) -> ProblemError:
    """Never raises, and never tells a client what happened inside: that stands in the log."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, MalformedJsonError):
        return ProblemError(
            problems.MALFORMED_JSON, str(error), faults=error.faults, total_faults=error.total
        )
    if isinstance(error, InvalidRequestError):
        return ProblemError(
            problems.INVALID_REQUEST, _count(error.total), faults=error.faults, total_faults=error.total
        )
    if isinstance(error, ModelFailureError):
        cause = error.__cause__ or error
        log.error("model_failed", kind=type(cause).__name__, where=where(cause))
        return ProblemError(problems.MODEL_FAILURE, "The model raised an error for these rows.")
    log.error("request_failed", kind=type(error).__name__, where=where(error))
    return ProblemError(problems.INTERNAL_ERROR, "The service failed; its log holds the cause by request id.")


def where(error: BaseException) -> list[str]:
    """The places that an error came through. Its text stays out of the log: libraries quote a row's values in it."""
    frames = traceback.extract_tb(error.__traceback__)[-LOGGED_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def not_ready(detail: str = "No verified model is loaded on this machine yet.") -> ProblemError:
    return ProblemError(problems.NOT_READY, detail, headers={"Retry-After": str(RETRY_AFTER_S)})


def _count(total: int) -> str:
    return "The request has one fault." if total == 1 else f"The request has {total:,} faults."
