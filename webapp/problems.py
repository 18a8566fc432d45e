"""Every problem that the service can answer, in one table, and its RFC 9457 body.

`type` is a relative reference to the page that explains the problem: GET /problems/<slug> on the same host.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from webapp.faults import Fault

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """`meaning` says when it happens, `way_out` what the client can do: both stand on its page."""

    slug: str
    status: int
    title: str
    meaning: str
    way_out: str

    @property
    def uri(self) -> str:
        return f"/problems/{self.slug}"


BAD_REQUEST = ProblemType(
    "bad-request",
    400,
    "The request can't be understood",
    "The request itself, not its body, is malformed: for example its host or its headers.",
    "Compare the request with the example on the documentation page.",
)
MALFORMED_JSON = ProblemType(
    "malformed-json",
    400,
    "The body is not acceptable JSON",
    "The body is empty, is no valid UTF-8 or JSON, repeats a key in one object, holds NaN, Infinity or a number"
    " that is too large, or is nested too deep.",
    "Write the body with a JSON library; send null where a value is not known.",
)
UNAUTHENTICATED = ProblemType(
    "unauthenticated",
    401,
    "An API key is needed",
    "The request has no API key, or one that is not valid here: mistyped, unknown, expired or revoked.",
    "Send a valid key as Authorization: Bearer <key> or X-Api-Key: <key>; those who run the service make them"
    " with picklefleet keys create.",
)
FORBIDDEN = ProblemType(
    "forbidden",
    403,
    "The API key may not do this",
    "The key is valid, but it was not made for this: each key has scopes, and the answer names the one needed.",
    "Use a key that has the scope, or ask those who run the service for one.",
)
NOT_FOUND = ProblemType(
    "not-found",
    404,
    "There is nothing at this address",
    "No resource has this path, or no model version has this name on this machine.",
    "The paths stand in /api/v1/openapi.json, the model versions in /api/v1/models.",
)
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    405,
    "This address does not take this method",
    "The path exists, but not for this HTTP method.",
    "The Allow header of the answer lists the methods that it takes.",
)
NOT_ACCEPTABLE = ProblemType(
    "not-acceptable",
    406,
    "The answer can't be given in the wanted form",
    "The Accept header refuses application/json, and this interface answers in nothing else.",
    "Send Accept: application/json, or leave the header out.",
)
REQUEST_TIMEOUT = ProblemType(
    "request-timeout",
    408,
    "The body did not arrive in time",
    "The whole body must arrive within the request deadline.",
    "Send the body at once; split a large request into several.",
)
BODY_TOO_LARGE = ProblemType(
    "body-too-large",
    413,
    "The body is too large",
    "The body has more bytes than one request may have.",
    "Split the rows over several requests.",
)
URI_TOO_LONG = ProblemType(
    "uri-too-long",
    414,
    "The address is too long",
    "The path and query have more characters than any address of this service.",
    "Send the data in the body.",
)
HEADERS_TOO_LARGE = ProblemType(
    "headers-too-large",
    431,
    "The headers are too large",
    "The request has more than 50 headers, or one of more than 4,096 bytes.",
    "Send fewer or shorter headers; data belongs in the body.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type",
    415,
    "The body is not declared as JSON",
    "The Content-Type is not application/json in UTF-8, or the body has a content encoding.",
    "Send Content-Type: application/json, and the body uncompressed in UTF-8.",
)
INVALID_REQUEST = ProblemType(
    "invalid-request",
    422,
    "The request does not fit the model",
    "The body is JSON, but not what the model takes. The member errors names the first 100 faults by JSON"
    " pointer, total_errors counts all of them.",
    "Mend each fault at its pointer; the model's columns stand in /docs and in /api/v1/openapi.json.",
)
INTERNAL_ERROR = ProblemType(
    "internal-error",
    500,
    "The service failed",
    "A fault of the service, not of the request.",
    "Try again once; if it stays, report the request id to those who run the service.",
)
MODEL_FAILURE = ProblemType(
    "model-failure",
    500,
    "The model failed",
    "The request fits the model's contract, but the model raised an error for it.",
    "Report the request id to those who run the service; one row at a time shows which row it is.",
)
NOT_READY = ProblemType(
    "not-ready",
    503,
    "No model is ready",
    "This machine has not yet loaded a verified model.",
    "Try again after the seconds that the Retry-After header names.",
)
KEYS_UNAVAILABLE = ProblemType(
    "keys-unavailable",
    503,
    "API keys can't be checked",
    "This machine has no list of API keys that it can read, and lets nobody in until it has.",
    "Try again after the seconds that the Retry-After header names.",
)
NOT_RECORDED = ProblemType(
    "not-recorded",
    503,
    "The feedback could not be recorded",
    "This machine has no room for more records, so nothing of the request was kept, and nothing is acknowledged.",
    "Send the same request again after the seconds that the Retry-After header names; repeating it does no harm.",
)

TOO_MANY_REQUESTS = ProblemType(
    "too-many-requests",
    429,
    "Too many requests",
    "This API key sends more requests, or this client address sends more or has more connections open, than one machine"
    " takes from one of them.",
    "Wait for the seconds that the Retry-After header names, and send requests more slowly; /api/v1/limits names the"
    " limits.",
)
BAD_GATEWAY = ProblemType(
    "bad-gateway",
    502,
    "The request was cut off",
    "The web process that had the request ended before it answered.",
    "Send the request again; if it stays, report the request id to those who run the service.",
)
UNAVAILABLE = ProblemType(
    "unavailable",
    503,
    "The machine has no room for the request",
    "Every web process is busy and enough requests wait already, or no web process runs.",
    "Try again after the seconds that the Retry-After header names.",
)
GATEWAY_TIMEOUT = ProblemType(
    "gateway-timeout",
    504,
    "The answer took too long",
    "The web process did not answer within the request deadline.",
    "Send fewer rows in one request; report the request id if it stays.",
)

# What the edge proxy refuses or has to answer for, before or in place of the web processes.
OF_THE_EDGE = (
    BAD_REQUEST,
    REQUEST_TIMEOUT,
    BODY_TOO_LARGE,
    HEADERS_TOO_LARGE,
    INTERNAL_ERROR,
    TOO_MANY_REQUESTS,
    BAD_GATEWAY,
    UNAVAILABLE,
    GATEWAY_TIMEOUT,
)

PROBLEMS: Mapping[str, ProblemType] = {
    kind.slug: kind
    for kind in (
        BAD_REQUEST,
        MALFORMED_JSON,
        UNAUTHENTICATED,
        FORBIDDEN,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        NOT_ACCEPTABLE,
        REQUEST_TIMEOUT,
        BODY_TOO_LARGE,
        URI_TOO_LONG,
        HEADERS_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        INVALID_REQUEST,
        INTERNAL_ERROR,
        MODEL_FAILURE,
        NOT_READY,
        KEYS_UNAVAILABLE,
        NOT_RECORDED,
        TOO_MANY_REQUESTS,
        BAD_GATEWAY,
        UNAVAILABLE,
        GATEWAY_TIMEOUT,
    )
}


class ProblemError(Exception):
    """Raised anywhere below the HTTP edge, answered in one place. `faults` are the first of `total_faults`."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        total_faults: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.faults = faults
        self.total_faults = max(total_faults, len(faults))
        self.headers = headers or {}

    def body(self, request_id: str) -> bytes:
        document: dict[str, Any] = {
            "type": self.kind.uri,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": f"urn:picklefleet:request:{request_id}",
            "request_id": request_id,
        }
        if self.faults:
            document["errors"] = [fault.to_document() for fault in self.faults]
            document["total_errors"] = self.total_faults
        return orjson.dumps(document)


def as_markdown() -> str:
    """The text of docs/problems.md."""
    sections = [
        f"## {kind.status} {kind.slug}\n\n**{kind.title}.** {kind.meaning}\n\n{kind.way_out}\n"
        for kind in PROBLEMS.values()
    ]
    return "\n".join([_MARKDOWN_INTRODUCTION, *sections])


_MARKDOWN_INTRODUCTION = """\
# Problems

Every error is answered as `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, `instance`
and `request_id`; where the body is at fault also `errors`, a list of `{pointer, detail, suggestion?}` of which the
first 100 are given, and `total_errors`. `type` is relative to the service: each has a page of its own there.
Values that were sent are never repeated; names are, shortened and without control characters.

This page is generated from the table in `webapp/problems.py`; a test compares them.
"""
