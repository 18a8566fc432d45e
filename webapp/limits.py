"""GET /api/v1/limits: every limit that is in force on this machine."""

from typing import Any

from flask import Blueprint, Response

from lifecycle.key_limit import KeyLimit
from webapp.context import json_response, service
from webapp.edge_limits import EdgeLimits
from webapp.feedback_schemas import MAX_ITEMS
from webapp.head_limits import MAX_HEADER_BYTES, MAX_HEADERS, MAX_URI
from webapp.service import Limits

blueprint = Blueprint("limits", __name__, url_prefix="/api/v1")


@blueprint.get("/limits")
def show() -> Response:
    return json_response(document(service().limits))


def document(limits: Limits) -> dict[str, Any]:
    """`edge` is null where no edge proxy stands in front, for nobody holds these limits then."""
    return {
        "request": {
            "body_bytes": limits.max_body_bytes,
            "rows": limits.max_rows,
            "feedback_items": MAX_ITEMS,
            "depth": limits.max_depth,
            "uri_characters": MAX_URI,
            "headers": MAX_HEADERS,
            "header_bytes": MAX_HEADER_BYTES,
            "deadline_s": limits.request_deadline_s,
        },
        "edge": None if limits.edge is None else _edge(limits.edge),
    }


def _edge(edge: EdgeLimits) -> dict[str, Any]:
    return {
        "key": None if edge.key is None else _key(edge.key),
        "address": {
            "connections": edge.address_connections,
            "requests_in_10_s": edge.address_requests_in_10_s,
        },
        "machine": {"at_work": edge.at_work, "waiting": edge.waiting, "connections": edge.connections},
    }


def _key(limit: KeyLimit) -> dict[str, Any]:
    return {
        "requests_per_s": limit.rate,
        "burst": limit.burst,
        "machines": limit.machines,
        "here": {"requests_per_s": round(1_000_000 / limit.interval_us, 3), "burst": limit.burst_here},
    }
