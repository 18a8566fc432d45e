"""The served document is valid, is true of the answers, and its example works as it stands."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from lifecycle import clock
from lifecycle.api_keys import KeySet, make_key
from tests import builders
from tests.builders import BuiltModel, without
from tests.serving import client_for
from webapp.authentication import Gate

DOCUMENT = "/api/v1/openapi.json"
PREDICT = "/api/v1/predict"
BUILT = (
    builders.classifier,
    builders.regressor,
    builders.multiclass,
    builders.multi_output,
    builders.multi_output_classifier,
    builders.text,
    builders.decision_function_only,
    builders.all_kinds,
)


@pytest.fixture(params=BUILT, ids=lambda build: build.__name__)
def built(request) -> BuiltModel:
    found: BuiltModel = request.param()
    return found


def document_of(built: BuiltModel) -> dict[str, Any]:
    found: dict[str, Any] = client_for(built).get(DOCUMENT).get_json()
    return found


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """References such as #/components/schemas/Row are looked up in the whole document."""
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    local = {**schema, "$ref": f"urn:document{schema['$ref']}"} if "$ref" in schema else schema
    return Draft202012Validator(local, registry=Registry().with_resource("urn:document", resource))


def operation(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][PREDICT]["post"]
    return found


def request_schema(document: dict[str, Any]) -> Draft202012Validator:
    return validator(document, operation(document)["requestBody"]["content"]["application/json"]["schema"])


def response_schema(document: dict[str, Any], response: Any) -> Draft202012Validator:
    described = operation(document)["responses"][str(response.status_code)]["content"]
    return validator(document, described[response.content_type]["schema"])


def test_the_document_is_valid_openapi(built):
    document = document_of(built)

    assert document["openapi"].startswith("3.1")
    validate(document)


def test_rows_stand_in_one_of_two_forms(built):
    schema, rows = request_schema(document_of(built)), list(built.rows[:2])
    columns = {name: [row[name] for row in rows] for name in built.model.signature.names}

    assert schema.is_valid({"instances": rows})
    assert schema.is_valid({"columns": columns})
    assert not schema.is_valid({})
    assert not schema.is_valid({"instances": rows, "columns": columns})
    assert not schema.is_valid({"columns": {**columns, "more": [1, 2]}})


def test_the_example_works_as_it_stands(built):
    document = document_of(built)
    example = operation(document)["requestBody"]["content"]["application/json"]["example"]

    request_schema(document).validate(example)
    assert client_for(built).post(PREDICT, json=example).status_code == 200


@pytest.mark.parametrize("more", [{}, {"method": "predict"}])
def test_answers_are_what_the_document_says(built, more):
    body = {"instances": list(built.rows), "row_keys": ["k"] * len(built.rows), "unit_id": "u"}
    if "predict" in built.model.signature.outputs[0].methods:
        body |= more
    response = client_for(built).post(PREDICT, json=body)

    assert response.status_code == 200
    response_schema(document_of(built), response).validate(response.get_json())


def test_the_response_schema_refuses_what_is_not_answered():
    document = document_of(builders.classifier())
    response = client_for(builders.classifier()).post(
        PREDICT, json={"instances": [builders.classifier().rows[0]]}
    )
    answer = response.get_json()
    schema = response_schema(document, response)

    assert not schema.is_valid(answer | {"more": 1})
    assert not schema.is_valid(without(answer, "request_id"))
    assert not schema.is_valid(answer | {"predictions": [answer["predictions"][0] | {"label": "early"}]})


@pytest.mark.parametrize(
    "body", [{"instances": []}, {"instances": [{"a": 1}] * 3}, {}, {"instances": [[1, 2, 3, 4]]}]
)
def test_problems_are_what_the_document_says(built, body):
    response = client_for(built).post(PREDICT, json=body)

    assert response.status_code == 422
    document = document_of(built)
    response_schema(document, response).validate(response.get_json())
    assert not request_schema(document).is_valid(body)


@pytest.mark.parametrize(
    "path",
    ["/api/v1/models", "/api/v1/models/v1", "/api/v1/models/v1/schema", "/livez", "/readyz", "/health/azure"],
)
def test_everything_that_is_read_is_described(client, path):
    document = client.get(DOCUMENT).get_json()
    response = client.get(path)

    described = document["paths"][path.replace("v1/models/v1", "v1/models/{version}")]["get"]["responses"]
    schema = described[str(response.status_code)]["content"][response.content_type]["schema"]
    validator(document, schema).validate(response.get_json())


def test_every_route_of_the_interface_is_described():
    app = client_for(builders.classifier()).application
    routes = {rule.rule.replace("<version>", "{version}") for rule in app.url_map.iter_rules()}
    described = set(document_of(builders.classifier())["paths"])

    pages = {rule for rule in routes if rule in {"/", DOCUMENT} or rule.startswith(("/docs", "/problems"))}
    assert routes - pages == described


def test_a_model_without_names_documents_both_forms_of_a_row():
    document = document_of(builders.multiclass())

    schema = request_schema(document)
    assert schema.is_valid({"instances": [[1, 2, 3], {"x0": 1, "x1": 2, "x2": 3}]})
    assert not schema.is_valid({"instances": [[1, 2]]})
    assert not schema.is_valid({"instances": [[1, "2", 3]]})


def test_where_keys_are_needed_each_operation_names_its_scope_and_both_refusals():
    key = make_key("shop", ["read"], clock.now(), lifetime=None)
    gate = Gate(lambda: KeySet.of([key.key]))
    client = client_for(builders.classifier(), gate=gate)
    document = client.get(DOCUMENT, headers={"X-Api-Key": key.text}).get_json()

    validate(document)
    guarded = {path: item for path, item in document["paths"].items() if path.startswith("/api/")}
    for path, item in guarded.items():
        (found,) = item.values()
        scope = {PREDICT: "predict", "/api/v1/feedback": "feedback"}.get(path, "read")
        assert found["security"] == [{"bearer": [scope]}, {"apiKey": [scope]}]
        assert {"401", "403"} <= set(found["responses"])
    refused = client.post(PREDICT, json={})
    response_schema(document, refused).validate(refused.get_json())


def test_where_keys_are_off_the_document_asks_for_none():
    text = client_for(builders.classifier()).get(DOCUMENT).get_data(as_text=True)

    assert "security" not in text
    assert "401" not in text
