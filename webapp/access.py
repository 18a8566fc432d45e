"""Which route needs which scope: one table, and a route that is not in it lets nobody in."""

from collections.abc import Mapping
from typing import Literal, cast

from flask import Flask, request

from lifecycle.api_keys import Caller, Scope
from lifecycle.logs import bind
from webapp.authentication import NOBODY
from webapp.context import service
from webapp.service import Service

Need = Scope | Literal["nothing"]

_CALLER = "picklefleet.caller"

# "nothing": probes (/readyz names model and version), the product's own pages and files, and what points to them
NEEDS: Mapping[str, Need] = {
    "predict.predict": "predict",
    "feedback.give": "feedback",
    "models.list_models": "read",
    "models.show_model": "read",
    "models.show_schema": "read",
    "limits.show": "read",
    "openapi.show": "read",
    "documentation.show": "read",
    "documentation.home": "nothing",
    "documentation.static": "nothing",
    "problem_pages.list_problems": "nothing",
    "problem_pages.show_problem": "nothing",
    "health.live": "nothing",
    "health.ready": "nothing",
    "health.azure": "nothing",
}


def register(app: Flask) -> None:
    app.before_request(_authorize)


def caller() -> Caller:
    """Whose request this is; its owner is "" where keys are off or none is asked for."""
    return cast("Caller", request.environ.get(_CALLER, NOBODY))


def _authorize() -> None:
    """What matches no route is answered with 404 or 405 as it is: that tells nothing."""
    if request.endpoint is None:
        return
    need = NEEDS.get(request.endpoint, "admin")
    if need == "nothing":
        return
    request.environ[_CALLER] = admit(
        service(), request.headers.get("Authorization"), request.headers.get("X-Api-Key"), need
    )


def admit(of: Service, authorization: str | None, x_api_key: str | None, scope: Scope) -> Caller:
    """Who calls; the log's next lines say whose key it was. Raises ProblemError 401, 403 or 503."""
    found = of.gate.admit(authorization, x_api_key, scope)
    if found.key_id:
        bind(key_id=found.key_id)
    return found
