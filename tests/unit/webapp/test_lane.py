"""The lane answers as Flask's own dispatch does, and leaves to it whatever is not plain."""

import orjson
import pytest

from tests import builders
from tests.serving import service_for
from webapp.app import create_app
from webapp.lane import Lane

PREDICT = "/api/v1/predict"
ROWS = {"instances": list(builders.classifier().rows)}


def clients(trusted=(), **changes):
    """Through the lane, and without it; the request id makes their answers comparable."""
    service = service_for(builders.classifier(), **changes)
    return [create_app(service, trusted, lane=lane).test_client() for lane in (True, False)]


def comparable(response):
    document = response.get_json()
    for row in document.get("predictions", ()):
        row.pop("prediction_id")
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    return response.status, headers, document


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (orjson.dumps(ROWS), {}),
        (orjson.dumps(ROWS), {"Accept": "text/html"}),
        (orjson.dumps(ROWS), {"Content-Type": "text/plain"}),
        (orjson.dumps(ROWS), {"Content-Encoding": "gzip"}),
        (b"{", {}),
        (b"", {}),
        (b'{"instances": [{}]}', {}),
        (b"x" * 300_000, {}),
    ],
)
def test_status_headers_and_body_are_the_same(body, headers):
    sent = {"Content-Type": "application/json", "X-Request-Id": "the-same-for-both", **headers}

    fast, plain = (comparable(client.post(PREDICT, data=body, headers=sent)) for client in clients())

    assert fast == plain


def test_an_untrusted_host_is_refused_by_both():
    sent = {"X-Request-Id": "the-same-for-both", "Host": "evil.example"}

    fast, plain = (comparable(c.post(PREDICT, json=ROWS, headers=sent)) for c in clients(("good.example",)))

    assert fast == plain
    assert fast[0].startswith("400")


def test_a_trusted_host_is_answered_by_both():
    sent = {"X-Request-Id": "the-same-for-both", "Host": "good.example"}

    fast, plain = (comparable(c.post(PREDICT, json=ROWS, headers=sent)) for c in clients(("good.example",)))

    assert fast == plain
    assert fast[0] == "200 OK"


class Noting:
    """Another application, which notes what came to it."""

    def __init__(self):
        self.seen = []

    def __call__(self, environ, start_response):
        self.seen.append(environ["PATH_INFO"])
        start_response("204 NO CONTENT", [])
        return []


@pytest.mark.parametrize(
    "change",
    [
        {"REQUEST_METHOD": "GET"},
        {"PATH_INFO": "/api/v1/predict/"},
        {"QUERY_STRING": "a=1"},
        {"SCRIPT_NAME": "/prefix"},
        {"HTTP_HOST": "a b"},
        {"HTTP_HOST": ""},
    ],
)
def test_whatever_is_not_plain_is_left_to_flask(change):
    other = Noting()
    lane = Lane(other, service_for(builders.classifier()))
    plain = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PREDICT,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "HTTP_HOST": "a:80",
    }

    lane(plain | change, lambda *_: None)

    assert len(other.seen) == 1
