from typing import Any

import pytest

from lifecycle.signature import Feature, Output, Signature
from tests import builders
from webapp.contract import Contract, InvalidRequestError

FLIGHT = {"delay": 1.5, "hour": 9, "carrier": "UA"}


def contract(built: builders.BuiltModel, max_rows: int = 5) -> Contract:
    return Contract.of(built.model.signature, max_rows)


def faults_of(contract: Contract, document: Any) -> dict[str | None, str]:
    with pytest.raises(InvalidRequestError) as caught:
        contract.read(document)
    assert caught.value.total == len(caught.value.faults)
    return {fault.pointer: f"{fault.detail} {fault.suggestion}".strip() for fault in caught.value.faults}


@pytest.fixture
def flights() -> Contract:
    return contract(builders.classifier())


def test_rows_become_columns_in_the_order_of_the_rows(flights):
    second = {"carrier": "AA", "hour": 10, "delay": None}

    request = flights.read({"instances": [FLIGHT, second]})

    assert request.rows == 2
    assert request.columns == {"delay": [1.5, None], "hour": [9.0, 10.0], "carrier": ["UA", "AA"]}
    assert (request.unit_id, request.row_keys, request.method) == (None, None, None)


def test_everything_else_in_a_request_is_read_too(flights):
    request = flights.read({"instances": [FLIGHT], "unit_id": "u-1", "row_keys": ["k"], "method": "predict"})

    assert (request.unit_id, request.row_keys, request.method) == ("u-1", ("k",), "predict")


@pytest.mark.parametrize("document", [None, [], "text", 1, True])
def test_a_body_that_is_no_object_is_one_fault(flights, document):
    assert faults_of(flights, document) == {"": "Must be an object."}


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"instances": None}, {"/instances": "Must be an array of rows."}),
        ({"instances": {}}, {"/instances": "Must be an array of rows."}),
        ({"instances": [1]}, {"/instances/0": "Must be an object by feature name, not a number."}),
        ({"instances": [[1, 2, "UA"]]}, {"/instances/0": "Must be an object by feature name, not an array."}),
        ({"unit_id": ""}, {"/unit_id": "Must have 1 to 256 characters."}),
        ({"unit_id": "u" * 257}, {"/unit_id": "Must have 1 to 256 characters."}),
        ({"unit_id": 7}, {"/unit_id": "Must be text."}),
        ({"unit_id": None}, {"/unit_id": "Must not be null; leave it out."}),
        ({"row_keys": "k"}, {"/row_keys": "Must be an array of texts, one for each row."}),
        ({"row_keys": ["k", "l"]}, {"/row_keys": "Has 2 keys for 1 rows."}),
        ({"row_keys": [7]}, {"/row_keys/0": "Must be text."}),
        ({"method": "transform"}, {"/method": "Must be one of: predict_proba, predict."}),
        ({"method": []}, {"/method": "Must be text."}),
    ],
)
def test_each_part_of_a_request_is_checked(flights, change, faults):
    assert faults_of(flights, {"instances": [FLIGHT]} | change) == faults


@pytest.mark.parametrize("count", [0, 6])
def test_the_number_of_rows_is_looked_at_before_the_rows(flights, count):
    assert faults_of(flights, {"instances": ["nonsense"] * count}) == {
        "/instances": f"Holds {count} rows; one request takes 1 to 5. Send several requests."
    }


def test_all_faults_come_at_once_and_in_order(flights):
    document = {
        "instance": [],
        "instances": [{"delya": 1, "hour": "9", "carrier": "UA"}, {"delay": True, "hour": None}],
        "row_keys": ["only one"],
    }

    assert list(faults_of(flights, document).items()) == [
        ("/instances/0/delay", "This feature is missing; send null where it is not known."),
        ("/instances/0/hour", "Must be a number, not text."),
        ("/instances/0/delya", "The model's contract has no field of this name. Did you mean 'delay'?"),
        ("/instances/1/delay", "Must be a number, not a boolean."),
        ("/instances/1/hour", "Must not be null: the model knows no missing value here."),
        ("/instances/1/carrier", "This feature is missing."),
        ("/row_keys", "Has 1 keys for 2 rows."),
        ("/instance", "The model's contract has no field of this name. Did you mean 'instances'?"),
    ]


def test_only_the_first_hundred_faults_are_explained_but_all_are_counted(flights):
    with pytest.raises(InvalidRequestError) as caught:
        flights.read({"instances": [{f"wrong-{i}": i for i in range(20)}] * 5})

    assert caught.value.total == 5 * (20 + 3)
    assert len(caught.value.faults) == 100


def test_a_model_without_names_takes_arrays_and_objects():
    unnamed = contract(builders.multiclass())

    request = unnamed.read({"instances": [[1, 2, 3], {"x2": 6, "x1": 5, "x0": 4}]})

    assert request.columns == {"x0": [1.0, 4.0], "x1": [2.0, 5.0], "x2": [3.0, 6.0]}


def test_faults_in_an_array_are_pointed_at_by_place():
    unnamed = contract(builders.multiclass())

    assert faults_of(unnamed, {"instances": [[1, "2", None], [1, 2], "row"]}) == {
        "/instances/0/1": "Must be a number, not text.",
        "/instances/0/2": "Must not be null: the model knows no missing value here.",
        "/instances/1": "Has 2 values; the model takes 3.",
        "/instances/2": "Must be an object by feature name or an array, not text.",
    }


@pytest.mark.parametrize(
    "name", ["Meta", "load", "fields", "a.b", "a/b", "f0", "f1", "_schema", "instances", "é "]
)
def test_a_feature_may_have_any_name(name):
    features = (builders.number("f1" if name == "f0" else "f0"), builders.number(name, nullable=False))
    signature = Signature(features, (Output("y0", "regression"),))
    other = signature.inputs[0].name

    request = Contract.of(signature, 5).read({"instances": [{name: 2, other: 1}]})

    assert request.columns == {other: [1.0], name: [2.0]}


def test_an_empty_feature_name_is_a_name():
    signature = Signature((Feature("", "number", "float64"),), (Output("y0", "regression"),))

    assert Contract.of(signature, 5).read({"instances": [{"": 2}]}).columns == {"": [2.0]}


def test_a_row_with_far_too_many_names_is_one_fault(flights):
    row = {f"wrong-{i}": i for i in range(5000)}

    assert faults_of(flights, {"instances": [row]}) == {
        "/instances/0": "Has 5,000 members; the model takes 3."
    }


COLUMNS = {"delay": [1.5, None], "hour": [9, 10], "carrier": ["UA", "AA"]}


def test_columns_are_the_same_request_as_rows(flights):
    rows = [{name: values[row] for name, values in COLUMNS.items()} for row in range(2)]

    assert flights.read({"instances": rows}) == flights.read({"columns": COLUMNS})


@pytest.mark.parametrize(
    ("document", "faults"),
    [
        ({}, {"/instances": "Missing: the rows to predict."}),
        ({"columns": None}, {"/columns": "Must not be null; leave it out."}),
        ({"columns": []}, {"/columns": "Must be an object by feature name, not an array."}),
        (
            {"columns": COLUMNS, "instances": [FLIGHT]},
            {"/columns": "The rows stand in `instances` already: leave one of them out."},
        ),
        ({"columns": COLUMNS, "row_keys": ["k"]}, {"/row_keys": "Has 1 keys for 2 rows."}),
        (
            {"columns": {f"wrong-{i}": [] for i in range(100)}},
            {"/columns": "Has 100 members; the model takes 3."},
        ),
    ],
)
def test_each_part_of_a_request_of_columns_is_checked(flights, document, faults):
    assert faults_of(flights, document) == faults


@pytest.mark.parametrize("count", [0, 6])
def test_the_number_of_rows_in_columns_is_looked_at_before_their_values(flights, count):
    assert faults_of(flights, {"columns": {**COLUMNS, "hour": ["nonsense"] * count}}) == {
        "/columns/hour": f"Holds {count} rows; one request takes 1 to 5. Send several requests."
    }


def test_columns_of_different_lengths_are_named(flights):
    assert faults_of(flights, {"columns": {**COLUMNS, "hour": [9], "carrier": ["UA"] * 3}}) == {
        "/columns/hour": "Has 1 values; the first column has 2.",
        "/columns/carrier": "Has 3 values; the first column has 2.",
    }


def test_faults_in_columns_are_pointed_at_by_feature_and_row(flights):
    document = {"columns": {"delay": [True, "1"], "hour": [9, None], "carier": ["UA", "AA"]}}

    assert list(faults_of(flights, document).items()) == [
        ("/columns/delay/0", "Must be a number, not a boolean."),
        ("/columns/delay/1", "Must be a number, not text."),
        ("/columns/hour/1", "Must not be null: the model knows no missing value here."),
        ("/columns/carrier", "This feature is missing."),
        (
            "/columns/carier",
            "The model's contract has no field of this name. Did you mean 'carrier'?",
        ),
    ]
