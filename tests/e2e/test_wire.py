"""What goes wrong before, in and after a request's body is answered as a problem document, on a real socket."""

import json
import pickle
import socket
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

HEAD = b"POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    from tests.e2e.conftest import Installation

    installation = Installation(tmp_path_factory.mktemp("wire"))
    path = installation.folder / "model.pkl"
    frame, truth = load_iris(return_X_y=True, as_frame=True)
    path.write_bytes(pickle.dumps(LogisticRegression(max_iter=500).fit(frame, truth)))
    yield installation.start("up", path, PICKLEFLEET_REQUEST_DEADLINE_S="1")
    installation.end()


def exchange(service, data, *, pause_s=0.0, more=b""):
    """Send bytes as they are; returns status, headers and the problem document."""
    address = urlsplit(service.base)
    with closing(socket.create_connection((address.hostname, address.port), timeout=20)) as connection:
        connection.sendall(data)
        if more:
            time.sleep(pause_s)
            connection.sendall(more)
        answer = b""
        while not complete(answer) and (piece := connection.recv(65536)):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), json.loads(body)


def complete(answer):
    head, separator, body = answer.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    ]
    return bool(separator and lengths and len(body) >= lengths[0])


@pytest.mark.parametrize(
    ("data", "status", "slug"),
    [
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri-too-long"),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n", 431, "headers-too-large"),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 60 + b"\r\n", 431, "headers-too-large"),
        (b"what is this\r\n\r\n", 400, "bad-request"),
        (b"GET /livez HTTP/9.9\r\nHost: a\r\n\r\n", 400, "bad-request"),
        (b"GET /livez HTTP/1.1\r\nHo st: a\r\n\r\n", 400, "bad-request"),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "bad-request"),
        (HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad-request"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400, "bad-request"),
        (HEAD + b"Content-Length: 99999999999\r\n\r\n", 413, "body-too-large"),
        (HEAD + b"Content-Length: 4\r\n\r\n{}{}", 400, "malformed-json"),
    ],
)
def test_bytes_that_are_no_proper_request_get_a_problem_document(service, data, status, slug):
    answered, headers, problem = exchange(service, data)

    assert (answered, problem["status"], problem["type"].rsplit("/", 1)[1]) == (status, status, slug)
    assert b"content-type: application/problem+json" in headers
    assert problem["request_id"].encode() in headers


def test_a_body_that_dribbles_in_is_answered_408_at_its_deadline(service):
    began = time.monotonic()
    status, _, problem = exchange(service, HEAD + b"Content-Length: 100\r\n\r\n{", pause_s=0.7, more=b"   ")

    assert (status, problem["status"]) == (408, 408)
    assert 0.9 < time.monotonic() - began < 5


def test_a_request_that_was_refused_is_not_repeated_in_the_log(service):
    exchange(service, b"GET /secret-path HTTP/1.1\r\nHost: a\r\nBad Header secret-value: x\r\n\r\n")

    assert "secret" not in service.log.read_text()


def test_the_service_answers_on_after_all_of_it(service):
    frame, _ = load_iris(return_X_y=True, as_frame=True)

    assert service.predict(frame.iloc[:1].to_dict("records"))[0] == 200
