"""The web house around a built model, as its composition root would put it together."""

from typing import Any

from flask.testing import FlaskClient

from lifecycle.metrics import NullMetrics
from lifecycle.policy import TrafficPolicy, VersionRef
from lifecycle.prediction import FleetKey
from tests.builders import BuiltModel
from tests.through_events import through_events
from webapp.app import create_app
from webapp.service import Limits, Service
from webapp.traffic import Served, Traffic

KEY = FleetKey(b"k" * 32)
LANES: list[bool | str] = [True]  # the last one is in force; "events": through the event worker, as bytes
LIMITS = Limits(max_body_bytes=200_000, max_rows=50, max_depth=8, request_deadline_s=10)


def service_for(built: BuiltModel | None, limits: Limits = LIMITS, **changes: Any) -> Service:
    """`built` None: a process that has no model yet."""
    traffic = None if built is None else traffic_for(built, max_rows=limits.max_rows)
    changes.setdefault("metrics", NullMetrics())
    return Service(lambda: traffic, KEY, limits, **changes)


def traffic_for(
    champion: BuiltModel, *others: BuiltModel, policy: TrafficPolicy | None = None, max_rows: int = 50
) -> Traffic:
    """Without a policy the champion answers alone."""
    served = {
        built.model.digest: Served.of(built.model, built.golden, max_rows) for built in (champion, *others)
    }
    alone = TrafficPolicy(1, VersionRef(champion.model.version, champion.model.digest))
    return Traffic("test", policy or alone, served)


def client_for(
    built: BuiltModel | None, limits: Limits = LIMITS, *, lane: bool | str | None = None, **changes: Any
) -> FlaskClient:
    """Through the lane unless the test runs without; see tests/unit/webapp/conftest.py."""
    through = LANES[-1] if lane is None else lane
    app = create_app(service_for(built, limits, **changes), lane=bool(through))
    if through == "events":
        through_events(app)
    return app.test_client()
