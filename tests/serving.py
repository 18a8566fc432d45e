"""The web house around a built model, as its composition root would put it together."""

from typing import Any

from flask.testing import FlaskClient

from lifecycle.metrics import NullMetrics
from lifecycle.prediction import FleetKey
from tests import builders
from tests.builders import BuiltModel
from webapp.app import create_app
from webapp.service import Limits, Service

KEY = FleetKey(b"k" * 32)
LANES = [True]  # the last one is in force
LIMITS = Limits(max_body_bytes=200_000, max_rows=50, max_depth=8, request_deadline_s=10)


def service_for(built: BuiltModel | None, limits: Limits = LIMITS, **changes: Any) -> Service:
    """`built` None: a process that has no model yet."""
    model = None if built is None else built.model
    ready = built or builders.classifier()
    return Service(lambda: model, lambda _: ready.golden, KEY, limits, NullMetrics(), **changes)


def client_for(
    built: BuiltModel | None, limits: Limits = LIMITS, *, lane: bool | None = None, **changes: Any
) -> FlaskClient:
    """Through the lane unless the test runs without; see tests/unit/webapp/conftest.py."""
    through = LANES[-1] if lane is None else lane
    return create_app(service_for(built, limits, **changes), lane=through).test_client()
