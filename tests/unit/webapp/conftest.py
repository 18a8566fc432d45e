from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests import builders
from tests.serving import client_for


@pytest.fixture
def serving() -> Callable[..., FlaskClient]:
    return client_for


@pytest.fixture
def client() -> FlaskClient:
    return client_for(builders.classifier())
