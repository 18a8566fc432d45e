import pytest

from lifecycle.prediction_log.record_schema import (
    Column,
    CorruptRecordsError,
    input_columns,
    prediction_schema,
    schema_from_bytes,
)
from lifecycle.signature import Feature, Output, Signature
from tests.record_builders import LATE, SIGNATURE


def types(*features, outputs=(LATE,)):
    return {column.name: column.type for column in prediction_schema(Signature(features, outputs)).columns}


def test_inputs_are_typed_by_the_signature():
    found = types(
        Feature("n", "number", "float64"),
        Feature("i", "integer", "int64"),
        Feature("b", "boolean", "bool"),
        Feature("c", "category", "int64", categories=(1, 2)),
        Feature("m", "category", "object", categories=(1, "two")),
        Feature("t", "datetime", "datetime64[ns]"),
    )

    expected = {"in_n": "DOUBLE", "in_i": "BIGINT", "in_b": "BOOLEAN", "in_c": "BIGINT"}
    expected |= {"in_m": "VARCHAR", "in_t": "VARCHAR"}
    assert expected == {name: kind for name, kind in found.items() if name.startswith("in_")}


def test_private_fields_have_the_type_of_what_is_written():
    found = types(
        Feature("h", "number", "float64", privacy="hash"),
        Feature("d", "number", "float64", privacy="drop"),
        Feature("b", "integer", "int64", privacy="bucket"),
        Feature("t", "text", "object", privacy="bucket"),
    )

    assert (found["in_h"], found["in_b"], found["in_t"]) == ("VARCHAR", "BIGINT", "VARCHAR")
    assert "in_d" not in found


def test_names_that_differ_by_case_alone_get_columns_of_their_own():
    signature = Signature((Feature("Age", "number", "float64"), Feature("age", "number", "float64")), (LATE,))

    assert input_columns(signature) == {"Age": "in_Age", "age": "in_age~1"}


def test_a_probability_has_a_column_for_each_label():
    assert Column("p_on time", "DOUBLE", "p0", 2) in prediction_schema(SIGNATURE).columns


def test_several_outputs_carry_their_names():
    found = types(outputs=(Output("a", "regression"), Output("b", "regression")))

    assert {"value_a", "value_b"} <= set(found)


def test_a_header_comes_back_as_it_was():
    schema = prediction_schema(SIGNATURE)

    assert schema == schema_from_bytes(schema.to_bytes())
    assert schema.digest == schema_from_bytes(schema.to_bytes()).digest


@pytest.mark.parametrize(
    "data", [b"{}", b"nonsense", b'{"id":"x","rows":1}', b'{"kind":"prediction","format":99}']
)
def test_what_is_no_header_is_refused(data):
    with pytest.raises(CorruptRecordsError):
        schema_from_bytes(data)
