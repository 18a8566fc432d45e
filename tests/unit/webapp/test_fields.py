from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from marshmallow import ValidationError

from lifecycle.signature import Feature
from webapp.fields import LARGEST_NUMBER, field_for, integer_range

REAL = {"nullable": False}
NUMBER = Feature("x", "number", "float64", **REAL)
INTEGER = Feature("x", "integer", "int64", **REAL)
BOOLEAN = Feature("x", "boolean", "bool", **REAL)
TEXT = Feature("x", "text", "object", **REAL)
DATETIME = Feature("x", "datetime", "datetime64[ns]", **REAL)
OPEN = Feature("x", "category", "object", categories=("late", "on time"), **REAL)
CLOSED = Feature("x", "category", "object", categories=("late", "on time"), unknown="refuse", **REAL)
ALL = (NUMBER, INTEGER, BOOLEAN, TEXT, DATETIME, OPEN, CLOSED)


def taken(feature: Feature, value: Any) -> Any:
    return field_for(feature).deserialize(value)


def refused(feature: Feature, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        taken(feature, value)
    (message,) = caught.value.messages
    assert isinstance(message, str)
    return message


@pytest.mark.parametrize(("value", "number"), [(1, 1.0), (0.1, 0.1), (-(10**30), -1e30)])
def test_a_number_is_any_json_number(value, number):
    assert taken(NUMBER, value) == number
    assert isinstance(taken(NUMBER, value), float)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("12", "text"),
        ("\N{FULLWIDTH DIGIT ONE}", "text"),
        (True, "a boolean"),
        ([1], "an array"),
        ({}, "an object"),
    ],
)
def test_a_number_is_nothing_else(value, words):
    assert refused(NUMBER, value) == f"Must be a number, not {words}."


@pytest.mark.parametrize("value", [1e39, -1e308, 10**39])
def test_a_number_is_one_that_the_model_can_compute_with(value):
    assert refused(NUMBER, value) == "Must lie between -3.403e+38 and 3.403e+38."


@pytest.mark.parametrize(("value", "integer"), [(112, 112), (112.0, 112), (-0.0, 0), (2**63 - 1, 2**63 - 1)])
def test_an_integer_may_be_written_with_a_zero_fraction(value, integer):
    assert taken(INTEGER, value) == integer
    assert isinstance(taken(INTEGER, value), int)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.5, "Must be an integer, without a fraction."),
        (False, "Must be an integer, not a boolean."),
        ("1", "Must be an integer, not text."),
        (2**63, f"Must lie between {-(2**63)} and {2**63 - 1}."),
        (1e300, f"Must lie between {-(2**63)} and {2**63 - 1}."),
    ],
)
def test_an_integer_is_whole_and_in_range(value, message):
    assert refused(INTEGER, value) == message


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("int8", (-128, 127)),
        ("UInt8", (0, 255)),
        ("uint64", (0, 2**64 - 1)),
        ("Int32", (-(2**31), 2**31 - 1)),
        ("float64", (-(2**53), 2**53)),
        ("object", (-(2**63), 2**63 - 1)),
    ],
)
def test_the_range_of_an_integer_is_its_dtype_s(dtype, expected):
    assert integer_range(dtype) == expected


@pytest.mark.parametrize("value", [0, 1, "true", None, []])
def test_a_boolean_is_true_or_false(value):
    assert taken(BOOLEAN, value=True) is True
    assert refused(BOOLEAN, value)


def test_text_is_any_text_and_nothing_else():
    assert taken(TEXT, "") == ""
    assert refused(TEXT, 1) == "Must be text, not a number."


def test_an_unknown_category_is_accepted_where_the_model_accepts_it():
    assert taken(OPEN, "early") == "early"


def test_an_unknown_category_is_refused_where_the_model_fails_on_it():
    assert refused(CLOSED, "zzz") == "Must be one of the 2 categories that the model knows."


def test_a_misspelled_category_meets_the_right_one():
    assert refused(CLOSED, "latee").endswith("Did you mean 'late'?")


@pytest.mark.parametrize("value", [1, True, ["late"]])
def test_a_category_has_the_type_of_its_kin(value):
    assert refused(OPEN, value).startswith("Must be text, not ")


def test_a_category_of_numbers_takes_one_and_one_point_zero_but_never_true():
    feature = Feature("x", "category", "int64", categories=(1, 2), unknown="refuse", **REAL)

    assert taken(feature, 1.0) == 1
    assert isinstance(taken(feature, 1.0), int)
    assert refused(feature, value=True) == "Must be a number, not a boolean."


def test_a_category_of_numbers_has_a_size():
    feature = Feature("x", "category", "int64", categories=(1, 2), **REAL)

    assert taken(feature, 9) == 9
    assert refused(feature, 10**30) == "This number is too large for a category."


def test_a_category_of_several_types_says_so():
    feature = Feature("x", "category", "object", categories=(1, "one", True), **REAL)

    assert refused(feature, []) == "Must be true or false or a number or text, not an array."


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2013-01-31", datetime(2013, 1, 31, tzinfo=UTC)),
        ("2013-01-31T08:15:00Z", datetime(2013, 1, 31, 8, 15, tzinfo=UTC)),
        ("2013-01-31t08:15:00.25z", datetime(2013, 1, 31, 8, 15, 0, 250_000, tzinfo=UTC)),
        ("2013-01-31T08:15:00-02:00", datetime(2013, 1, 31, 10, 15, tzinfo=UTC)),
    ],
)
def test_datetimes_are_rfc_3339(text, moment):
    assert taken(DATETIME, text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "31.1.2013", "2013-02-30", "2013-01-31T08:15:00", "20130131", "2013-W05-4", "now", "２013-01-31"],
)
def test_other_ways_to_write_a_time_are_refused(text):
    assert refused(DATETIME, text).startswith("Must be an RFC 3339 date and time")


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59:59Z"])
def test_times_that_pandas_can_not_hold_are_refused(text):
    assert refused(DATETIME, text) == "Must lie in the years 1678 to 2261."


def test_a_time_is_text():
    assert refused(DATETIME, 1359619200) == "Must be a date and time as text, not a number."


@pytest.mark.parametrize("feature", ALL, ids=lambda feature: feature.kind)
def test_null_is_missing_where_the_model_knows_missing_values(feature):
    nullable = Feature(
        feature.name, feature.kind, feature.dtype, nullable=True, categories=feature.categories
    )

    assert taken(nullable, None) is None
    assert refused(feature, None) == "Must not be null: the model knows no missing value here."


JSON = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
) | st.sampled_from(["late", 112.0, LARGEST_NUMBER, -(2**63), 2**63 - 1, [], {}])


@pytest.mark.parametrize(
    "feature", [*ALL[:4], *ALL[5:]], ids=lambda feature: f"{feature.kind}-{feature.unknown}"
)
@pytest.mark.parametrize("nullable", [True, False])
@given(value=JSON)
def test_the_described_schema_takes_exactly_what_the_field_takes(feature, nullable, value):
    """All but times, whose formats a JSON Schema validator only notes."""
    field = field_for(
        Feature("x", feature.kind, feature.dtype, nullable, "nan", feature.categories, feature.unknown)
    )
    described = Draft202012Validator(field.json_schema()).is_valid(value)

    try:
        field.deserialize(value)
    except ValidationError:
        assert not described
    else:
        assert described
