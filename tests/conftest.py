"""For all tests: how long an example takes on a busy machine decides nothing, and none leaves its logs to the next."""

import pytest
import structlog
from hypothesis import HealthCheck, settings

from lifecycle import logs

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def logs_as_before():
    """Commands that run in the test's own process configure them."""
    before, plain = structlog.get_config(), list(logs._plain_lines)
    yield
    structlog.configure(**before)
    logs._plain_lines[:] = plain
