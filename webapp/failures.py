"""Whatever was raised → the problem that is answered for it. The domain raises facts; they get a status here."""

from lifecycle.errors import ModelFailureError
from lifecycle.logs import get_logger
from webapp import problems
from webapp.contract import InvalidRequestError
from webapp.problems import ProblemError
from webapp.strict_json import MalformedJsonError

RETRY_AFTER_S = 5

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
        log.error("model_failed", exc_info=error)
        return ProblemError(problems.MODEL_FAILURE, "The model raised an error for these rows.")
    log.error("request_failed", exc_info=error)
    return ProblemError(problems.INTERNAL_ERROR, "The service failed; its log holds the cause by request id.")


def not_ready() -> ProblemError:
    return ProblemError(
        problems.NOT_READY,
        "No verified model is loaded on this machine yet.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def _count(total: int) -> str:
    return "The request has one fault." if total == 1 else f"The request has {total:,} faults."
