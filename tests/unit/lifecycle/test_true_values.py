"""A true value is one of the labels with its JSON type, or a finite number; and has one form, however it was written."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.signature import Output
from lifecycle.true_values import NotATrueValueError, TrueValues

TEXTS = Output("y0", "classification", ("late", "on time"))
NUMBERS = Output("y0", "classification", (0, 1))
FLOATS = Output("y0", "classification", (0.5, 1.0))
TRUTHS = Output("y0", "classification", (False, True))
OPEN = Output("y0", "classification")
AMOUNT = Output("y0", "regression")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def refused(outputs, value) -> dict[str, str]:
    with pytest.raises(NotATrueValueError) as caught:
        TrueValues.of(outputs).check(value)
    return dict(caught.value.faults)


@pytest.mark.parametrize(
    ("output", "given_value", "kept"),
    [
        (TEXTS, "late", "late"),
        (NUMBERS, 1, 1),
        (NUMBERS, 1.0, 1),
        (FLOATS, 1, 1.0),
        (TRUTHS, True, True),
        (OPEN, "anything", "anything"),
        (AMOUNT, 5, 5.0),
        (AMOUNT, -0.0, 0.0),
        (AMOUNT, 1e308, 1e308),
    ],
)
def test_a_true_value_is_kept_in_the_models_own_form(output, given_value, kept):
    found = TrueValues.of((output,)).check(given_value)

    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("output", "value"),
    [
        (TEXTS, "Late"),
        (TEXTS, 1),
        (TEXTS, None),
        (TEXTS, ["late"]),
        (NUMBERS, True),
        (NUMBERS, "1"),
        (NUMBERS, 2),
        (TRUTHS, 1),
        (TRUTHS, "true"),
        (OPEN, None),
        (OPEN, {}),
        (AMOUNT, "5"),
        (AMOUNT, True),
        (AMOUNT, None),
        (AMOUNT, math.nan),
        (AMOUNT, math.inf),
        (AMOUNT, 10**400),
    ],
)
def test_anything_else_is_refused(output, value):
    (message,) = refused((output,), value).values()

    assert message.startswith("Must be")


def test_the_message_names_the_labels_as_json_writes_them():
    assert refused((TEXTS,), 1) == {"": 'Must be one of the model\'s labels: "late", "on time".'}
    assert refused((TRUTHS,), 1) == {"": "Must be one of the model's labels: false, true."}
    many = Output("y0", "classification", tuple(range(25)))
    assert refused((many,), 99)[""].endswith("18, 19 and 5 more.")


def test_a_transformers_answer_has_no_true_value():
    assert refused((Output("y0", "transform"),), 1) == {"": "What this model answers has no true value."}


def test_several_outputs_take_an_object_in_any_order_and_keep_the_models():
    outputs = (Output("noon", "classification", (0, 1)), Output("delay", "regression"))

    found = TrueValues.of(outputs).check({"delay": 3, "noon": 1})

    assert list(found.items()) == [("noon", 1), ("delay", 3.0)]
    assert refused(outputs, {"noon": 2, "delay": "x"}) == {
        "noon": "Must be one of the model's labels: 0, 1.",
        "delay": "Must be a finite number.",
    }
    for value in (1, {}, {"noon": 1}, {"noon": 1, "delay": 1, "more": 1}, [1, 2]):
        assert refused(outputs, value) == {"": "Must be an object with exactly: noon, delay."}


@pytest.mark.parametrize(
    ("output", "text", "kept"),
    [
        (TEXTS, "on time", "on time"),
        (NUMBERS, "1", 1),
        (NUMBERS, "1.0", 1),
        (FLOATS, "1", 1.0),
        (TRUTHS, "true", True),
        (TRUTHS, "False", False),
        (OPEN, "1", "1"),
        (AMOUNT, "5", 5.0),
        (AMOUNT, "1e3", 1000.0),
    ],
)
def test_texts_of_a_file_become_the_models_own_values(output, text, kept):
    found = TrueValues.of((output,)).parse({"y0": text})

    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (TEXTS, "1"),
        (TEXTS, ""),
        (NUMBERS, "2"),
        (NUMBERS, "true"),
        (AMOUNT, "nan"),
        (AMOUNT, "inf"),
        (AMOUNT, ""),
    ],
)
def test_texts_that_are_no_true_value_are_refused(output, text):
    with pytest.raises(NotATrueValueError, match="Must be"):
        TrueValues.of((output,)).parse({"y0": text})


def test_texts_of_several_outputs_become_an_object():
    outputs = (Output("noon", "classification", (0, 1)), Output("delay", "regression"))

    assert TrueValues.of(outputs).parse({"delay": "3", "noon": "1"}) == {"noon": 1, "delay": 3.0}


@pytest.mark.parametrize("output", [TEXTS, NUMBERS, TRUTHS, OPEN, AMOUNT])
@given(value=JSON)
def test_no_value_raises_anything_else_and_what_is_kept_is_kept_again(output, value):
    values = TrueValues.of((output,))
    try:
        kept = values.check(value)
    except NotATrueValueError:
        return
    assert values.check(kept) == kept


def test_minus_zero_is_zero():
    assert math.copysign(1, TrueValues.of((AMOUNT,)).check(-0.0)) == 1
