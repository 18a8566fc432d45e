import pytest

from tests import builders
from tests.serving import client_for, service_for
from webapp.app import create_app

ROW = builders.classifier().rows[0]
ADDRESSES = ("/livez", "/docs", "/api/v1/models", "/nothing", "/problems", "/docs/static/page.css")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_is_protected_from_the_browser(client, address):
    with client.get(address) as response:
        headers = response.headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == ("no-cache" if "static" in address else "no-store")
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_client_s_own_request_id_comes_back(client, address):
    with client.get(address, headers={"X-Request-Id": "client-id.1"}) as response:
        assert response.headers["X-Request-Id"] == "client-id.1"


def test_a_prediction_states_its_request_id_once_in_head_and_body(client):
    response = client.post(
        "/api/v1/predict", json={"instances": [ROW]}, headers={"X-Request-Id": "client-id.1"}
    )

    assert response.headers.getlist("X-Request-Id") == ["client-id.1"]
    assert response.get_json()["request_id"] == "client-id.1"


def test_an_id_that_could_forge_a_log_line_is_replaced(client):
    replaced = client.get("/livez", headers={"X-Request-Id": "evil id; x=1"}).headers["X-Request-Id"]

    assert "evil" not in replaced


@pytest.mark.parametrize("address", ["/livez", "/readyz", "/api/v1/models", "/docs", "/problems"])
def test_a_trailing_slash_means_the_same(client, address):
    assert client.get(address + "/").status_code == 200


def test_a_trailing_slash_on_predict_needs_no_redirect(client):
    assert client.post("/api/v1/predict/", json={"instances": [ROW]}).status_code == 200


@pytest.mark.parametrize("address", ["/livez", "/readyz", "/api/v1/models", "/docs", "/api/v1/openapi.json"])
def test_head_is_get_without_a_body(client, address):
    response = client.head(address)

    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Content-Length"] == client.get(address).headers["Content-Length"]


def test_options_lists_the_methods(client):
    response = client.options("/api/v1/predict")

    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_every_answer_is_logged_by_route_and_never_by_what_was_sent(client, capsys):
    client.get("/api/v1/models/customer-name?token=abc", headers={"X-Request-Id": "logged-id"})

    logged = capsys.readouterr().out
    assert "/api/v1/models/<version>" in logged
    assert "logged-id" in logged
    assert "customer-name" not in logged
    assert "abc" not in logged


def test_the_host_is_checked_where_hosts_are_named():
    app = create_app(service_for(builders.classifier()), ["good.example"])

    assert app.test_client().get("/livez", base_url="http://good.example").status_code == 200
    assert app.test_client().get("/livez", base_url="http://evil.example").status_code == 400
    assert client_for(builders.classifier()).get("/livez", base_url="http://any.example").status_code == 200
