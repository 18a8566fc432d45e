"""Every error response uses one shape, whoever produces it, and every problem of the table can be met."""

import io
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, Response, abort
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidRequestLine, LimitRequestHeaders, NoMoreData
from werkzeug.test import TestResponse

from lifecycle import clock
from lifecycle.api_keys import KeySet, make_key
from lifecycle.prediction import mint, row_id
from tests import builders
from tests.serving import KEY, LANES, LIMITS, client_for, service_for
from webapp.app import create_app
from webapp.authentication import Gate
from webapp.gunicorn_worker import closing_answer, problem_of_parsing
from webapp.problems import PROBLEMS

PREDICT = "/api/v1/predict"
SECRET = "internal-secret"
Producer = Callable[[], TestResponse]


def flights() -> FlaskClient:
    return client_for(builders.classifier())


def broken(rows: int) -> Any:
    raise ValueError(f"{SECRET} {rows}")


def app_with_a_route(view: Callable[[], Any]) -> FlaskClient:
    app: Flask = create_app(service_for(builders.classifier()))
    app.add_url_rule("/extra", view_func=view, endpoint="extra")
    return app.test_client()


READER = make_key("shop", ["read"], clock.now(), lifetime=None)


def guarded(keys: KeySet | None) -> FlaskClient:
    return client_for(builders.classifier(), gate=Gate(lambda: keys))


def feedback_without_room() -> TestResponse:
    item = {"prediction_id": row_id(mint(KEY, 1), 0), "actual": "late"}
    client = client_for(builders.classifier(), record_feedback=lambda _: False)
    return client.post("/api/v1/feedback", json={"items": [item]})


class SlowStream(io.BytesIO):
    """Brings one byte every two milliseconds."""

    def readinto(self, buffer: Any) -> int:
        time.sleep(0.002)
        return super().readinto(memoryview(buffer)[:1])


def slow_body() -> TestResponse:
    """The event worker's own is in tests/unit/webapp/worker: a stream is whole before anybody reads from it."""
    through = LANES[-1] is not False
    client = client_for(builders.classifier(), replace(LIMITS, request_deadline_s=0.001), lane=through)
    return client.post(
        PREDICT, input_stream=SlowStream(b"{}"), content_length=2, content_type="application/json"
    )


def chunked_body() -> TestResponse:
    stream = io.BytesIO(b" " * 200_001)
    return flights().post(
        PREDICT,
        input_stream=stream,
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )


PRODUCERS: dict[str, tuple[str, Producer]] = {
    "an untrusted host": (
        "bad-request",
        lambda: create_app(service_for(builders.classifier()), ["good.example"]).test_client().get("/livez"),
    ),
    "a view that aborts": ("bad-request", lambda: app_with_a_route(lambda: abort(400, SECRET)).get("/extra")),
    "a status without a problem": ("bad-request", lambda: app_with_a_route(lambda: abort(418)).get("/extra")),
    "malformed JSON": (
        "malformed-json",
        lambda: flights().post(PREDICT, data="{", content_type="application/json"),
    ),
    "an unknown path": ("not-found", lambda: flights().get("/nothing/here")),
    "a doubled slash": ("not-found", lambda: flights().get("/api//v1/models")),
    "an unknown version": ("not-found", lambda: flights().get("/api/v1/models/v99")),
    "an unknown problem": ("not-found", lambda: flights().get("/problems/none")),
    "an unknown static file": ("not-found", lambda: flights().get("/docs/static/../../app.py")),
    "another method": ("method-not-allowed", lambda: flights().get(PREDICT)),
    "an unknown method": ("method-not-allowed", lambda: flights().open("/docs", method="BREW")),
    "an Accept without JSON": (
        "not-acceptable",
        lambda: flights().get("/api/v1/models", headers={"Accept": "text/csv"}),
    ),
    "a slow body": ("request-timeout", slow_body),
    "a large body": ("body-too-large", lambda: flights().post(PREDICT, data=b" " * 200_001)),
    "a large chunked body": ("body-too-large", chunked_body),
    "a long address": ("uri-too-long", lambda: flights().get("/docs?" + "q" * 2000)),
    "long headers": ("headers-too-large", lambda: refused_by_the_server(LimitRequestHeaders("secret"))),
    "no HTTP": ("bad-request", lambda: refused_by_the_server(InvalidRequestLine(SECRET))),
    "half a request": ("bad-request", lambda: refused_by_the_server(NoMoreData(SECRET))),
    "a server that fails": ("internal-error", lambda: refused_by_the_server(RuntimeError(SECRET))),
    "a form": ("unsupported-media-type", lambda: flights().post(PREDICT, data={"a": "b"})),
    "rows that do not fit": ("invalid-request", lambda: flights().post(PREDICT, json={"instances": [{}]})),
    "a failing view": ("internal-error", lambda: app_with_a_route(lambda: broken(0)).get("/extra")),
    "a view that aborts with 500": (
        "internal-error",
        lambda: app_with_a_route(lambda: abort(500, SECRET)).get("/extra"),
    ),
    "a failing model": (
        "model-failure",
        lambda: FailingModel.client().post(PREDICT, json={"instances": [{"hour": 1}]}),
    ),
    "no model for a prediction": ("not-ready", lambda: client_for(None).post(PREDICT, json={})),
    "no model for readiness": ("not-ready", lambda: client_for(None).get("/readyz")),
    "no model for its description": ("not-ready", lambda: client_for(None).get("/api/v1/openapi.json")),
    "no credential": ("unauthenticated", lambda: guarded(KeySet()).get("/api/v1/models")),
    "a key for something else": (
        "forbidden",
        lambda: guarded(KeySet.of([READER.key])).post(PREDICT, headers={"X-Api-Key": READER.text}),
    ),
    "feedback without room": ("not-recorded", feedback_without_room),
    "no list of keys": ("keys-unavailable", lambda: guarded(None).post(PREDICT)),
    "no model for its page": ("not-ready", lambda: client_for(None).get("/docs")),
}


def refused_by_the_server(error: Exception) -> Response:
    """Gunicorn's own refusal, as it goes out on the socket."""
    head, _, body = closing_answer(problem_of_parsing(error)).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return Response(body, int(first.split()[1]), [tuple(line.split(": ", 1)) for line in lines])


class FailingModel:
    """Answers its golden rows, and fails from then on."""

    @staticmethod
    def client() -> FlaskClient:
        calls = iter([[0.0]])
        built = builders.answering(lambda rows: next(calls, None) or broken(rows))
        return client_for(built)


@pytest.mark.parametrize(("slug", "produce"), PRODUCERS.values(), ids=PRODUCERS.keys())
def test_every_error_has_the_same_shape(slug, produce):
    response = produce()

    document = response.get_json()
    kind = PROBLEMS[slug]
    assert (response.status_code, response.content_type) == (kind.status, "application/problem+json")
    assert (document["type"], document["title"], document["status"]) == (kind.uri, kind.title, kind.status)
    assert document["request_id"] == response.headers["X-Request-Id"]
    assert document["instance"].endswith(document["request_id"])
    assert document["detail"].endswith(".")
    assert ("errors" in document) == ("total_errors" in document)
    assert SECRET not in response.get_data(as_text=True)


def test_every_problem_of_the_table_can_be_met():
    of_the_edge_alone = {"too-many-requests", "bad-gateway", "unavailable", "gateway-timeout"}

    assert {slug for slug, _ in PRODUCERS.values()} == set(PROBLEMS) - of_the_edge_alone


def test_405_lists_what_is_allowed():
    response = flights().get(PREDICT)

    assert set(response.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_503_says_when_to_come_back():
    assert int(client_for(None).get("/readyz").headers["Retry-After"]) > 0


def test_where_it_failed_inside_stands_in_the_log_with_the_request_s_id_and_without_any_value(capsys):
    response = FailingModel.client().post(PREDICT, json={"instances": [{"hour": 1}]})

    logged = capsys.readouterr().out
    assert "broken" in logged
    assert "ValueError" in logged
    assert SECRET not in logged
    assert response.headers["X-Request-Id"] in logged
