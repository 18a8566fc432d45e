"""The compiled decoder takes nothing that Marshmallow would not, and nothing otherwise: seen over mutated bodies."""

from dataclasses import replace

import orjson
import pytest

from lifecycle.signature import Feature, Output, Signature
from tests import builders
from tests.prove.decoder import decoder, passed
from webapp.contract import Contract
from webapp.decoder import RefusedError
from webapp.strict_json import parse

MODELS = {
    "a classifier": builders.classifier,
    "every kind of feature": builders.all_kinds,
    "a matrix": builders.multiclass,
    "texts": builders.text,
}
CASES = 6000  # `make prove NAME=decoder` takes 100,000


def exactly(request):
    """For comparing: repr tells 0.0 from -0.0, 1 from 1.0 and True."""
    columns = {name: repr(list(values)) for name, values in request.columns.items()}
    return request.rows, columns, request.unit_id, request.row_keys, request.method


def test_over_mutated_bodies_what_the_decoder_accepts_is_what_marshmallow_accepts(tmp_path):
    result = decoder(tmp_path, CASES, seed=8)

    assert result["figure"]["otherwise"] == 0
    assert passed(result)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_right_body_is_taken_by_the_decoder_itself(make):
    built = make()
    contract = Contract.of(built.model.signature, 50)
    body = orjson.dumps({"instances": built.rows, "unit_id": "a:b", "method": "predict"})

    assert exactly(contract.decoder.read(body)) == exactly(contract.read(parse(body, 32)))


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_columns_are_read_as_the_same_rows_are(make):
    built = make()
    contract = Contract.of(built.model.signature, 50)
    columns = {name: [row[name] for row in built.rows] for name in built.model.signature.names}
    body = orjson.dumps({"columns": columns, "unit_id": "a:b", "row_keys": ["k:"] * len(built.rows)})
    rows = orjson.dumps({"instances": built.rows, "unit_id": "a:b", "row_keys": ["k:"] * len(built.rows)})

    assert exactly(contract.decoder.read(rows)) == exactly(contract.decoder.read(body))
    assert exactly(contract.decoder.read(rows)) == exactly(contract.read(parse(body, 32)))


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [{"hour": 1, "hour": 2}]}',
        b'{"instances": [{"hour": 1}], "instances": [{"hour": 1}]}',
        b'{"instances": [{"hour": -0}]}',
        b'{"instances": [{"hour": 1e999}]}',
        b'{"instances": [{"hour": "\xed\xa0\x80"}]}',
        b'\xef\xbb\xbf{"instances": [{"hour": 1}]}',
        b'{"columns": {"hour": [1], "hour": [2]}}',
        b'{"columns": {"hour": [1]}, "columns": {"hour": [2]}}',
        b'{"columns": {"hour": [1]}, "instances": [{"hour": 1}]}',
    ],
)
def test_what_can_be_read_in_two_ways_is_left_to_marshmallow(body):
    contract = Contract.of(builders.regressor().model.signature, 50)

    with pytest.raises(RefusedError):
        contract.decoder.read(body)


def test_a_feature_with_a_colon_in_its_name_is_read():
    signature = Signature(
        (Feature("a:b", "number", "float64"), Feature("t", "text", "object")), (Output("y", "regression"),)
    )
    contract = Contract.of(signature, 50)
    body = b'{"instances": [{"a:b": 1, "t": "x:y:z"}, {"a:b": null, "t": ":"}]}'

    assert contract.decoder.read(body).columns == {"a:b": [1.0, None], "t": ["x:y:z", ":"]}


def test_names_that_no_decoder_can_be_made_of_are_read_by_marshmallow():
    built = builders.classifier()
    features = (builders.number('a "quoted" name'), builders.number("a\\b", nullable=False))
    contract = Contract.of(replace(built.model.signature, inputs=features), max_rows=5)

    found = contract.read_body(orjson.dumps({"instances": [{'a "quoted" name': 1, "a\\b": 2}]}), 8)

    assert found.columns == {'a "quoted" name': [1], "a\\b": [2]}
