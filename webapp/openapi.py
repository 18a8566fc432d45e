"""GET /api/v1/openapi.json: OpenAPI 3.1, made by apispec from the Marshmallow schemas that check the requests."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Response
from marshmallow import Schema, fields

from lifecycle.api_keys import Scope
from webapp import problems, resource_schemas
from webapp.context import json_response, served, service
from webapp.contract import Contract
from webapp.feedback_schemas import FeedbackRequestSchema, FeedbackResponseSchema, example_actual
from webapp.fields import Described
from webapp.http_answer import JSON
from webapp.openapi_security import SCHEMES, secured
from webapp.problems import MEDIA_TYPE, ProblemType
from webapp.traffic import Served

VERSION = "1"  # of this interface, as in its paths; the model has versions of its own
_ANY = (
    problems.BAD_REQUEST,
    problems.NOT_ACCEPTABLE,
    problems.URI_TOO_LONG,
    problems.TOO_MANY_REQUESTS,
    problems.INTERNAL_ERROR,
)
_SAYS_WHEN = {problems.TOO_MANY_REQUESTS.status, problems.NOT_READY.status}
_WITH_BODY = (
    *_ANY,
    problems.MALFORMED_JSON,
    problems.REQUEST_TIMEOUT,
    problems.BODY_TOO_LARGE,
    problems.UNSUPPORTED_MEDIA_TYPE,
    problems.INVALID_REQUEST,
    problems.NOT_READY,
)
_PREDICT = (*_WITH_BODY, problems.MODEL_FAILURE)
_FEEDBACK = (*_WITH_BODY, problems.NOT_RECORDED)
_EITHER = [{"required": ["instances"]}, {"required": ["columns"]}]
_EXAMPLE_ID = "06GZ4Q3X5R8T1V7W9Y2A4C6E8G0J3M5P-0"
_SCOPES: dict[str, Scope] = {"/api/v1/predict": "predict", "/api/v1/feedback": "feedback"}
_VERSION_PARAMETER = {
    "name": "version",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "A model version, as /api/v1/models names it.",
}

blueprint = Blueprint("openapi", __name__, url_prefix="/api/v1")


@blueprint.get("/openapi.json")
def show() -> Response:
    return json_response(document(served(), keys=service().gate.closed))


@lru_cache(maxsize=4)
def document(ready: Served, *, keys: bool = False) -> dict[str, Any]:
    """The whole description for the model that is served; built once for each model. `keys`: they are needed."""
    spec, _ = _new_spec(ready.model.name, ready.model.version, ready.contract)
    for name, scheme in SCHEMES.items() if keys else ():
        spec.components.security_scheme(name, scheme)
    for path, method, operation in _operations(ready):
        scope = _SCOPES.get(path, "read" if path.startswith("/api/") else None)
        spec.path(path, operations={method: secured(operation, scope) if keys and scope else operation})
    return spec.to_dict()


def _operations(ready: Served) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "/api/v1/predict", "post", _predict(ready)
    yield "/api/v1/feedback", "post", _feedback(ready)
    for path, operation in _reads(ready):
        yield path, "get", operation


@lru_cache(maxsize=4)
def row_json_schema(name: str, version: str, contract: Contract) -> dict[str, Any]:
    """JSON Schema 2020-12 of one row by feature name."""
    _, plugin = _new_spec(name, version, contract)
    if plugin.converter is None:
        raise RuntimeError("apispec sets its converter when the specification is made")
    schema: dict[str, Any] = plugin.converter.schema2jsonschema(contract.row)  # type: ignore[no-untyped-call]  # apispec has no types there
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _new_spec(name: str, version: str, contract: Contract) -> tuple[APISpec, MarshmallowPlugin]:
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title=f"{name} predictions",
        version=VERSION,
        openapi_version="3.1.0",
        info={"description": f"Predictions of the model {name}, version {version}."},
        servers=[{"url": "/"}],
        plugins=[plugin],
    )
    if plugin.converter is not None:
        plugin.converter.add_attribute_function(_described)  # type: ignore[no-untyped-call]  # apispec has no types there
    spec.components.schema("Row", schema=contract.row)
    spec.components.schema("PredictRequest", {"oneOf": _EITHER}, schema=contract.request)
    spec.components.schema("Problem", schema=resource_schemas.ProblemSchema)
    return spec, plugin


def _described(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    return field.json_schema() if isinstance(field, Described) else {}


def _predict(ready: Served) -> dict[str, Any]:
    return {
        "operationId": "predict",
        "summary": "Predict rows",
        "tags": ["predictions"],
        "parameters": [_REQUEST_ID_PARAMETER, _IDEMPOTENCY_PARAMETER],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": ready.contract.request, "example": {"instances": [dict(ready.example)]}}
            },
        },
        "responses": {
            "200": _success("The predictions, in order.", ready.contract.response),
            **_refusals(_PREDICT),
        },
    }


def _feedback(ready: Served) -> dict[str, Any]:
    item = {"prediction_id": _EXAMPLE_ID, "actual": example_actual(ready.model.signature.outputs)}
    return {
        "operationId": "giveFeedback",
        "summary": "Tell the true values of earlier predictions",
        "description": "Each item is judged by itself: see `results`. Telling the same again changes nothing;"
        " a later value corrects the earlier one.",
        "tags": ["predictions"],
        "parameters": [_REQUEST_ID_PARAMETER, _IDEMPOTENCY_OF_FEEDBACK],
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": FeedbackRequestSchema, "example": {"items": [item]}}},
        },
        "responses": {
            "200": _success("What became of each item, in order.", FeedbackResponseSchema),
            **_refusals(_FEEDBACK),
        },
    }


def _reads(ready: Served) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and operation of everything that is only read."""
    shown = resource_schemas
    missing = (*_ANY, problems.NOT_FOUND, problems.NOT_READY)
    version = {**_VERSION_PARAMETER, "example": ready.model.version}
    yield "/api/v1/models", _get("listModels", "The models of this machine", shown.ModelListSchema, _ANY)
    yield (
        "/api/v1/models/{version}",
        _get("showModel", "One version", shown.ModelSchema, missing) | {"parameters": [version]},
    )
    yield (
        "/api/v1/models/{version}/schema",
        _get("showModelSchema", "What a version takes and returns", shown.ModelContractSchema, missing)
        | {"parameters": [version]},
    )
    yield "/api/v1/limits", _get("showLimits", "Every limit in force", shown.LimitsSchema, _ANY)
    probe = (problems.BAD_REQUEST, problems.URI_TOO_LONG, problems.INTERNAL_ERROR)
    yield "/livez", _get("live", "Does the process run", shown.LiveSchema, probe)
    yield (
        "/readyz",
        _get(
            "ready",
            "May it have traffic",
            shown.ReadySchema,
            (*probe, problems.NOT_READY, problems.KEYS_UNAVAILABLE),
        ),
    )
    yield "/health/azure", _get("azureHealth", "Azure application health", shown.AzureHealthSchema, probe)


def _get(
    operation_id: str, summary: str, schema: type[Schema], refusals: tuple[ProblemType, ...]
) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "summary": summary,
        "tags": ["operations"],
        "responses": {"200": _success(summary, schema), **_refusals(refusals)},
    }


def _success(description: str, schema: Schema | type[Schema]) -> dict[str, Any]:
    return {"description": description, "headers": _REQUEST_ID_HEADER, "content": {JSON: {"schema": schema}}}


def _refusals(kinds: tuple[ProblemType, ...]) -> dict[str, Any]:
    """One response for each status; problems that share one are told apart by `type`."""
    found: dict[str, Any] = {}
    for status in sorted({kind.status for kind in kinds}):
        titles = [f"{kind.title} ({kind.slug})" for kind in kinds if kind.status == status]
        retry = {"Retry-After": {"schema": {"type": "integer"}}} if status in _SAYS_WHEN else {}
        found[str(status)] = {
            "description": "; ".join(titles),
            "headers": {**_REQUEST_ID_HEADER, **retry},
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return found


_REQUEST_ID_HEADER = {
    "X-Request-Id": {"schema": {"type": "string"}, "description": "Names this request in logs."}
}
_IDEMPOTENCY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Send a retry with the key of the first try: it is answered anew, and counted once for a day.",
}
_IDEMPOTENCY_OF_FEEDBACK = {
    **_IDEMPOTENCY_PARAMETER,
    "description": "Taken, and not needed: the same value for the same prediction counts once, whoever sends it when.",
}
_REQUEST_ID_PARAMETER = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Kept if it has 8 to 64 letters, digits, dots, underscores or hyphens, else replaced.",
}
