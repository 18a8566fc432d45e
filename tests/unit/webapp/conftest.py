"""Every test that asks for predictions runs in all ways: through the lane, Flask's own dispatch, the event worker."""

from collections.abc import Callable, Iterator

import pytest
import structlog
from flask.testing import FlaskClient

from lifecycle import logs
from tests import builders
from tests.serving import LANES, client_for

ALL_WAYS = frozenset(
    {
        "test_access", "test_answers", "test_authentication", "test_body", "test_edge", "test_error_shape",
        "test_malformed_input", "test_negotiation", "test_predict", "test_predict_recording", "test_record_time",
        "test_request_ids",
    }
)  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.rpartition(".")[2] in ALL_WAYS:
        metafunc.parametrize(
            "lane", [True, False, "events"], ids=["lane", "flask", "events"], indirect=True, scope="module"
        )


@pytest.fixture(autouse=True, scope="module")
def lines_carry_what_is_bound() -> Iterator[None]:
    """Where a test does not configure the logs, lines are plain, but as complete as the service's own."""
    before = structlog.get_config()
    structlog.configure(processors=[logs.merge_bound, *before["processors"]])
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True, scope="module")
def lane(request: pytest.FixtureRequest) -> Iterator[object]:
    LANES.append(getattr(request, "param", True))
    yield LANES[-1]
    LANES.pop()


@pytest.fixture
def serving() -> Callable[..., FlaskClient]:
    return client_for


@pytest.fixture
def client() -> FlaskClient:
    return client_for(builders.classifier())
