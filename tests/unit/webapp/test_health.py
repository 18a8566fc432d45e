import pytest

from tests import builders
from tests.serving import client_for


def test_a_process_without_a_model_is_alive_but_not_ready():
    client = client_for(None)

    assert client.get("/livez").get_json() == {"status": "alive"}
    assert client.get("/readyz").status_code == 503


def test_a_process_with_a_verified_model_is_ready_and_says_with_which(client):
    assert client.get("/readyz").get_json() == {
        "status": "ready",
        "model": {"name": "flights", "version": "v1"},
    }


@pytest.mark.parametrize("built", [None, builders.classifier()])
def test_azure_keeps_a_machine_that_only_waits(built):
    """Anything but 200 and Healthy would have the machine replaced: waiting for a model, or draining, is no reason."""
    response = client_for(built).get("/health/azure")

    assert (response.status_code, response.get_json()) == (200, {"ApplicationHealthState": "Healthy"})


def test_azure_replaces_a_machine_where_a_fresh_one_would_help():
    response = client_for(builders.classifier(), machine_is_sound=lambda: False).get("/health/azure")

    assert (response.status_code, response.get_json()) == (200, {"ApplicationHealthState": "Unhealthy"})
