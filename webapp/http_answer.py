"""An answer without a framework: what the hot lane and the Flask views both send."""

from typing import Any

import msgspec
import orjson

from webapp import request_ids
from webapp.problems import MEDIA_TYPE, ProblemError

JSON = "application/json"

# Nothing that this interface answers may be sniffed, kept, framed or run by a browser.
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

_COMMON = tuple(COMMON_HEADERS.items())


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def of_document(cls, document: Any, request_id: str) -> "Answer":
        return cls.of_json(orjson.dumps(document), request_id)

    @classmethod
    def of_json(cls, written: bytes, request_id: str) -> "Answer":
        return cls(200, _headers(JSON, request_id), written)

    @classmethod
    def of_problem(cls, problem: ProblemError, request_id: str) -> "Answer":
        headers = (*_headers(MEDIA_TYPE, request_id), *problem.headers.items())
        return cls(problem.kind.status, headers, problem.body(request_id))


def _headers(media_type: str, request_id: str) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", media_type), (request_ids.HEADER, request_id), *_COMMON)
