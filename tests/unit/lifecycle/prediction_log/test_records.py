import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.model import OutputAnswer
from lifecycle.prediction_log.records import Feedback, PredictionEncoder, bucket, encode_feedback, unit_key
from lifecycle.signature import Feature, Output, Signature
from tests.record_builders import LATE, SECRET, SIGNATURE, record


def event(signature, made, **policy):
    return orjson.loads(PredictionEncoder(signature, SECRET, **policy).encode(made))


def private(*privacies, kind="number"):
    names = ["a", "b", "c", "d"]
    return Signature(
        tuple(Feature(n, kind, "float64", privacy=p) for n, p in zip(names, privacies, strict=False)), (LATE,)
    )


def test_a_request_is_one_line_with_columns_as_lists():
    line = PredictionEncoder(SIGNATURE, SECRET).encode(record("ID", rows=3))

    assert b"\n" not in line
    assert orjson.loads(line)["c0"] == [0.0, 1.0, 2.0]
    assert orjson.loads(line)["p0"] == [[0.75, 0.25]] * 3


def test_what_was_not_given_takes_no_bytes():
    assert not {"unit_id", "row_keys", "flags", "idempotency", "score0", "value0"} & set(
        event(SIGNATURE, record("ID"))
    )


def test_flags_are_written_only_where_some_row_has_one():
    assert "flags" not in event(SIGNATURE, record("ID", rows=2, flags=((), ())))
    assert event(SIGNATURE, record("ID", rows=2, flags=((), ("not_finite",))))["flags"] == [
        [],
        ["not_finite"],
    ]


def test_a_newline_in_a_value_does_not_end_the_line():
    line = PredictionEncoder(SIGNATURE, SECRET).encode(
        record("ID", columns={"delay": [1], "origin": ["J\nK"]})
    )

    assert b"\n" not in line


def test_nan_becomes_null_as_in_the_answer():
    assert event(SIGNATURE, record("ID", answers=[OutputAnswer(values=[math.nan])]))["value0"] == [None]


def test_a_dropped_field_leaves_no_trace():
    line = PredictionEncoder(private("keep", "drop"), SECRET).encode(
        record("ID", columns={"a": [1], "b": [424242]})
    )

    assert b"424242" not in line
    assert "c1" not in orjson.loads(line)


def test_a_hashed_field_is_the_same_for_the_same_value_and_key_only():
    made = record("ID", columns={"a": ["Ann", "Ann", None], "b": ["Ann", "Bob", None]}, rows=3)
    one = event(private("hash", "hash", kind="text"), made)

    assert one["c0"][0] == one["c0"][1]
    assert one["c0"][0] != one["c1"][0], "the same value in two fields can't be matched"
    assert one["c0"][2] is None
    other = PredictionEncoder(private("hash", "hash", kind="text"), b"x" * 32).encode(made)
    assert one["c0"] != orjson.loads(other)["c0"]
    assert b"Ann" not in other


def test_a_bucketed_number_keeps_two_digits():
    assert event(private("bucket"), record("ID", rows=3, columns={"a": [1234, -0.00341, None]}))["c0"] == [
        1200,
        -0.0034,
        None,
    ]


def test_a_bucketed_text_is_never_weaker_than_hashed():
    made = record("ID", columns={"a": ["Ann"]})

    assert event(private("bucket", kind="text"), made)["c0"][0] != "Ann"


@given(st.floats(-1e308, 1e308, allow_subnormal=False) | st.integers(-(2**63), 2**63 - 1))
def test_a_bucket_is_near_its_number_and_stays_when_bucketed_again(value):
    rounded = bucket(value)

    assert abs(rounded - value) <= abs(value) * 0.0501
    assert rounded == bucket(rounded)


@pytest.mark.parametrize("value", [None, 0, 0.0, math.inf])
def test_a_bucket_of_nothing_to_round_is_the_value(value):
    assert value == bucket(value)


def test_units_are_hashed_where_the_policy_says_so():
    made = record("ID", unit_id="ann@example.org")

    assert event(SIGNATURE, made)["unit_id"] == "ann@example.org"
    assert unit_key("ann@example.org", SECRET) == event(SIGNATURE, made, hash_units=True)["unit_id"]


def test_feedback_keeps_the_label_as_text_and_numbers_as_numbers():
    made = Feedback(
        prediction_ids=["a-0", "a-1", "a-2", "a-3"],
        actuals=["late", True, 1, 2.5],
        observed_ms=[None] * 4,
        received_ms=5,
    )
    line = orjson.loads(encode_feedback(made))

    assert line["actuals"] == ["late", "true", "1", "2.5"]
    assert line["numbers"] == [None, None, 1.0, 2.5]


def test_several_outputs_are_kept_apart():
    signature = Signature(SIGNATURE.inputs, (LATE, Output("z", "classification", (1, 2))))
    line = event(signature, record("ID", answers=[OutputAnswer(["late"]), OutputAnswer([2])]))

    assert (line["label0"], line["label1"]) == (["late"], [2])
