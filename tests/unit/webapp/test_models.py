from jsonschema import Draft202012Validator

from lifecycle.machine import HeldVersion
from tests import builders
from tests.builders import without
from tests.serving import client_for

MODELS = "/api/v1/models"
SUMMARY = {
    "name": "flights",
    "version": "v1",
    "digest": "0" * 64,
    "state": "serving",
    "arm": "champion",
    "share": 1,
}
SUMMARY |= {"fast_path": {"used": False, "steps": []}}


def test_the_models_of_this_machine_are_listed(client):
    assert client.get(MODELS).get_json() == {"models": [SUMMARY]}


def test_a_machine_without_a_model_lists_none():
    assert client_for(None).get(MODELS).get_json() == {"models": []}


def test_one_version_is_shown(client):
    assert client.get(f"{MODELS}/v1").get_json() == SUMMARY


def test_a_version_that_is_held_but_not_served_is_listed_and_shown():
    built = builders.classifier()
    held = HeldVersion("flights", "v0", "1" * 64, "2013-01-01T00:00:00.000Z", built.model.signature)
    client = client_for(built, held_versions=lambda: (held,))
    summary = {"name": "flights", "version": "v0", "digest": "1" * 64, "state": "held"}

    assert client.get(MODELS).get_json() == {"models": [summary, SUMMARY]}
    assert client.get(f"{MODELS}/v0").get_json() == summary
    assert (
        client.get(f"{MODELS}/v0/schema").get_json()["signature"]
        == client.get(f"{MODELS}/v1/schema").get_json()["signature"]
    )


def test_a_version_s_schema_is_its_signature_and_the_json_schema_of_a_row():
    built = builders.all_kinds()
    document = client_for(built).get(f"{MODELS}/v1/schema").get_json()

    assert document["signature"]["inputs"][0]["name"] == "amount"
    schema = Draft202012Validator(document["row_schema"])
    assert schema.is_valid(built.rows[0])
    assert not schema.is_valid(without(built.rows[0], "plan"))
    assert not schema.is_valid(built.rows[0] | {"more": 1})
