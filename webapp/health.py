"""Three questions, three addresses: does the process run, may it have traffic, would a fresh machine help."""

from flask import Blueprint, Response

from webapp.authentication import keys_unavailable
from webapp.context import json_response, served, service
from webapp.failures import not_ready

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
def live() -> Response:
    return json_response({"status": "alive"})


@blueprint.get("/readyz")
def ready() -> Response:
    model = served().model
    if not service().siblings_answer():
        raise not_ready("Another process of this machine still loads the model.")
    if not service().gate.can_tell:
        raise keys_unavailable()
    document = {"status": "ready", "model": {"name": model.name, "version": model.version}}
    return json_response(document | ({"release": service().release} if service().release else {}))


@blueprint.get("/health/azure")
def azure() -> Response:
    """For the Application Health extension (rich states). Anything but a 200 with this body counts as Unknown,
    which replaces the machine: so a machine that drains, or waits for its model, is Healthy.
    """
    sound = service().machine_is_sound()
    return json_response({"ApplicationHealthState": "Healthy" if sound else "Unhealthy"})
