import http.client
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from werkzeug.serving import BaseWSGIServer, make_server

from tests import builders
from tests.serving import LIMITS, service_for
from webapp.app import create_app
from webapp.body import read_body
from webapp.problems import BODY_TOO_LARGE, REQUEST_TIMEOUT, ProblemError

SMALL = replace(LIMITS, max_body_bytes=1000)


def test_a_body_of_just_the_limit_is_read_whole():
    assert read_body(io.BytesIO(b"x" * 1000), 1000, SMALL) == b"x" * 1000


def test_a_declared_length_above_the_limit_is_refused_unread():
    stream = io.BytesIO(b"x" * 1001)

    with pytest.raises(ProblemError) as caught:
        read_body(stream, 1001, SMALL)

    assert caught.value.kind is BODY_TOO_LARGE
    assert stream.tell() == 0


def test_an_undeclared_length_is_counted():
    with pytest.raises(ProblemError) as caught:
        read_body(io.BytesIO(b"x" * 1001), None, SMALL)

    assert caught.value.kind is BODY_TOO_LARGE


def test_a_body_that_takes_too_long_is_given_up():
    with pytest.raises(ProblemError) as caught:
        read_body(io.BytesIO(b"x"), 1, replace(SMALL, request_deadline_s=-1))

    assert caught.value.kind is REQUEST_TIMEOUT


@pytest.fixture
def server() -> Iterator[BaseWSGIServer]:
    app = create_app(service_for(builders.classifier(), SMALL))
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("padding", "status"), [(0, 200), (2000, 413)])
def test_a_chunked_body_over_a_real_socket_has_the_same_limit(server, padding, status):
    body = json.dumps({"instances": [builders.classifier().rows[0]]}).encode() + b" " * padding
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)

    connection.request(
        "POST",
        "/api/v1/predict",
        body=iter([body[:20], body[20:]]),
        headers={"Content-Type": "application/json"},
        encode_chunked=True,
    )

    assert connection.getresponse().status == status
    connection.close()
