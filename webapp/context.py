"""What a view asks for: the service it stands on, the id of its request, and the model that is ready."""

from typing import cast

import orjson
from flask import Response, current_app, request

from webapp import request_ids
from webapp.failures import not_ready
from webapp.http_answer import JSON, Answer
from webapp.service import Service
from webapp.traffic import Served

SERVICE = "picklefleet"
REQUEST_ID = "picklefleet.request_id"


def service() -> Service:
    return cast("Service", current_app.extensions[SERVICE])


def request_id() -> str:
    """The same for the whole request: it is kept in the WSGI environment, where the access log finds it too."""
    kept = request.environ.get(REQUEST_ID)
    if kept is None:
        kept = request_ids.accept_or_mint(request.headers.get(request_ids.HEADER))
        request.environ[REQUEST_ID] = kept
    return cast("str", kept)


def served() -> Served:
    """Raises ProblemError 503 while no verified model is ready."""
    ready = service().served()
    if ready is None:
        raise not_ready()
    return ready


def to_response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, list(answer.headers))


def json_response(document: object) -> Response:
    return Response(orjson.dumps(document), content_type=JSON)
