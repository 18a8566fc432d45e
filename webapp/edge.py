"""What holds for every request: its id, its limits, the headers of its answer, and one handler for all errors."""

from collections.abc import Mapping

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from lifecycle.logs import bound, log_plain, rebind
from webapp import problems, request_ids
from webapp.context import request_id, service, to_response
from webapp.failures import problem_of
from webapp.head_limits import MAX_URI
from webapp.http_answer import COMMON_HEADERS, Answer
from webapp.negotiation import require_json_wanted
from webapp.problems import ProblemError, ProblemType
from webapp.service import Service

_BEGAN = "picklefleet.began"

_BY_STATUS: Mapping[int, tuple[ProblemType, str]] = {
    404: (problems.NOT_FOUND, "No resource has this path; /api/v1/openapi.json lists those there are."),
    405: (
        problems.METHOD_NOT_ALLOWED,
        "This path does not take this method; the Allow header lists those it takes.",
    ),
}


def register(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_forget)
    app.register_error_handler(Exception, _answer_error)


def _begin() -> None:
    rebind({"request_id": request_id()})
    request.environ[_BEGAN] = service().observer.begin()
    if len(request.full_path) > MAX_URI:
        raise ProblemError(
            problems.URI_TOO_LONG, f"The path and query may have at most {MAX_URI:,} characters."
        )
    if request.path.startswith("/api/"):
        require_json_wanted(request.headers.get("Accept", ""))


def _finish(response: Response) -> Response:
    response.headers.setdefault(request_ids.HEADER, request_id())
    for name, value in COMMON_HEADERS.items():
        response.headers.setdefault(name, value)
    route = request.url_rule.rule if request.url_rule else "none"
    tell_answered(service(), request.environ[_BEGAN], request.method, route, response.status_code)
    return response


def tell_answered(of: Service, began: float, method: str, route: str, status: int) -> None:
    """The metrics and the log's line of one answer, and a trace of those that are drawn."""
    seconds = of.observer.answered(began, status)
    if of.traces is not None:
        of.traces.answered(bound().get("request_id", "none"), method, route, status, seconds)
    log_plain(__name__, "answered", method=method, route=route, status=status, ms=round(seconds * 1000, 3))


def _forget(_error: BaseException | None) -> None:
    """The thread goes on to other work: its next lines are not this request's."""
    rebind({})


def _answer_error(error: Exception) -> Response:
    return to_response(answer_to_error(service(), error, request_id()))


def answer_to_error(of: Service, error: Exception, request_id_: str) -> Answer:
    problem = _of_http(error) if isinstance(error, HTTPException) else problem_of(error)
    of.observer.problem(problem.kind.slug)
    return Answer.of_problem(problem, request_id_)


def _of_http(error: HTTPException) -> ProblemError:
    """Flask's and Werkzeug's own refusals; their texts are not shown, since some repeat what was sent."""
    code = error.code or 500
    if code >= 500:
        return problem_of(error)
    kind, detail = _BY_STATUS.get(code, (problems.BAD_REQUEST, "The request is malformed."))
    allow = dict(error.get_headers()).get("Allow")
    return ProblemError(kind, detail, headers={"Allow": allow} if allow else {})
