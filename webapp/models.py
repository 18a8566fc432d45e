"""GET /api/v1/models: the versions that this machine holds, which of them answer whom, and each one's schema."""

from typing import Any

from flask import Blueprint, Response

from lifecycle.machine import HeldVersion
from webapp import problems
from webapp.context import json_response, served, service
from webapp.contract import Contract
from webapp.openapi import row_json_schema
from webapp.problems import ProblemError

blueprint = Blueprint("models", __name__, url_prefix="/api/v1/models")


@blueprint.get("")
def list_models() -> Response:
    return json_response({"models": [_summary(held) for held in _held()]})


@blueprint.get("/<version>")
def show_model(version: str) -> Response:
    return json_response(_summary(_version(version)))


@blueprint.get("/<version>/schema")
def show_schema(version: str) -> Response:
    held = _version(version)
    contract = Contract.of(held.signature, service().limits.max_rows)
    row_schema = row_json_schema(held.name, held.version, contract)
    return json_response(
        {**_summary(held), "signature": held.signature.to_document(), "row_schema": row_schema}
    )


def _held() -> list[HeldVersion]:
    """What the cache holds; the served versions stand in it whatever became of the cache since."""
    held = {version.digest: version for version in service().held_versions()}
    traffic = service().traffic()
    for digest, one in {} if traffic is None else traffic.by_digest.items():
        model = one.model
        held.setdefault(digest, HeldVersion(model.name, model.version, digest, "", model.signature))
    return list(held.values())


def _version(version: str) -> HeldVersion:
    served()  # not ready is 503, not 404: the version may be on its way
    for held in _held():
        if held.version == version:
            return held
    raise ProblemError(
        problems.NOT_FOUND,
        "This machine holds no version of that name; /api/v1/models lists those it holds.",
    )


def _summary(held: HeldVersion) -> dict[str, Any]:
    traffic = service().traffic()
    role = None if traffic is None else traffic.role(held.digest)
    summary: dict[str, Any] = {"name": held.name, "version": held.version, "digest": held.digest}
    if traffic is None or role is None:
        return {**summary, "state": "held"}
    arm, share = role
    summary |= {"state": "shadow" if arm == "shadow" else "serving", "arm": arm, "share": share}
    return {**summary, "fast_path": traffic.by_digest[held.digest].model.fast.to_document()}
