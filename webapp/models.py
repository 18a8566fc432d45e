"""GET /api/v1/models: what this machine serves, each version and its schema."""

from typing import Any

from flask import Blueprint, Response

from webapp import problems
from webapp.context import json_response, served, service
from webapp.openapi import row_json_schema
from webapp.problems import ProblemError
from webapp.service import Served

blueprint = Blueprint("models", __name__, url_prefix="/api/v1/models")


@blueprint.get("")
def list_models() -> Response:
    ready = service().served()
    return json_response({"models": [] if ready is None else [_summary(ready)]})


@blueprint.get("/<version>")
def show_model(version: str) -> Response:
    return json_response(_summary(_version(version)))


@blueprint.get("/<version>/schema")
def show_schema(version: str) -> Response:
    found = _version(version)
    signature = found.model.signature.to_document()
    return json_response({**_summary(found), "signature": signature, "row_schema": row_json_schema(found)})


def _version(version: str) -> Served:
    ready = served()
    if ready.model.version != version:
        raise ProblemError(
            problems.NOT_FOUND,
            "This machine holds no version of that name; /api/v1/models lists those it holds.",
        )
    return ready


def _summary(ready: Served) -> dict[str, Any]:
    model = ready.model
    return {"name": model.name, "version": model.version, "digest": model.digest}
