"""A head that came before is known by its bytes; what changes from request to request is never taken from there."""

import pytest
from gunicorn.config import Config

from tests.serving import service_for
from tests.unit.webapp.worker.test_clients import quick
from webapp.hot_route import HotRoute, Sent
from webapp.worker.heads import HotHeads
from webapp.worker.reader import RequestReader

MOST = 1 << 20


@pytest.fixture
def reader():
    heads = HotHeads(HotRoute(service_for(quick())))
    return RequestReader(Config(), ("127.0.0.1", 1), MOST, heads)


def sent(reader, body, **headers):
    told = {"Host": "a", "Content-Type": "application/json", "Content-Length": str(len(body))} | headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    reader.buffer += f"POST /api/v1/predict HTTP/1.1\r\n{lines}\r\n".encode() + body
    found = reader.next()
    assert isinstance(found, Sent)
    return found


def test_a_request_without_an_id_gets_one_of_its_own_each_time(reader):
    first, second = (sent(reader, b"{}") for _ in range(2))

    assert first.head == second.head
    assert first.request_id != second.request_id


def test_each_request_keeps_the_id_that_it_came_with(reader):
    ids = ["order-4711", "order-4712", "order-4711"]

    assert [sent(reader, b"{}", **{"X-Request-Id": one}).request_id for one in ids] == ids
    assert sent(reader, b"{}").request_id not in ids


def test_each_request_has_the_body_that_its_own_length_names(reader):
    bodies = [b"{}", b'{"a":1}', b"[]", b"{}", b'{"a":12}']

    assert [sent(reader, body).body for body in bodies] == bodies


def test_whose_request_it_is_is_never_taken_from_another(reader):
    keys = ["one", "two", "one"]

    assert [sent(reader, b"{}", **{"X-Api-Key": key}).head.x_api_key for key in keys] == keys
    assert sent(reader, b"{}").head.x_api_key is None


def test_more_different_heads_than_are_kept_are_still_read_right(reader):
    found = [sent(reader, b"{}", **{"X-Api-Key": f"key-{number}"}) for number in range(1100)]

    assert [one.head.x_api_key for one in found] == [f"key-{number}" for number in range(1100)]
