"""What a request says of its body and of the answer it wants; both must be JSON in UTF-8."""

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_options_header

from webapp import problems
from webapp.http_answer import JSON
from webapp.problems import ProblemError


def require_json_body(content_type: str, content_encoding: str) -> None:
    """Raises ProblemError 415."""
    if content_type == JSON and not content_encoding:
        return
    media_type, parameters = parse_options_header(content_type)
    charset = parameters.get("charset", "utf-8").lower()
    if media_type.lower() != JSON or charset not in {"utf-8", "utf8"}:
        raise ProblemError(
            problems.UNSUPPORTED_MEDIA_TYPE,
            "The body must be sent as Content-Type: application/json, in UTF-8.",
        )
    if content_encoding.lower() not in {"", "identity"}:
        raise ProblemError(
            problems.UNSUPPORTED_MEDIA_TYPE, "The body must be sent without a Content-Encoding."
        )


def require_json_wanted(accept: str) -> None:
    """Raises ProblemError 406 where the client refuses JSON in so many words."""
    if accept in {"", "*/*", JSON}:
        return
    if parse_accept_header(accept, MIMEAccept).quality(JSON) <= 0:
        raise ProblemError(problems.NOT_ACCEPTABLE, "This address answers in application/json only.")
