"""What the OpenAPI document says of API keys, where they are needed."""

from typing import Any

from lifecycle.api_keys import Scope

SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, made by picklefleet keys create.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "The same key."},
}
_CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}}}
# OpenAPI 3.1 lets each alternative name the roles that are needed
_STATUSES = {
    "401": "An API key is needed (unauthenticated)",
    "403": "The API key may not do this (forbidden)",
}


def secured(operation: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """The operation with its key, the scope it needs, and the two refusals."""
    template = next(iter(operation["responses"].values()))
    problem = operation["responses"]["400"]["content"]
    refusals = {
        status: {
            "description": description,
            "headers": {**template["headers"], **_CHALLENGE},
            "content": problem,
        }
        for status, description in _STATUSES.items()
    }
    responses = dict(sorted({**operation["responses"], **refusals}.items()))
    return {**operation, "security": [{"bearer": [scope]}, {"apiKey": [scope]}], "responses": responses}
