import math

import pytest

from lifecycle.model import OutputAnswer, Predictions
from lifecycle.signature import Output, Signature, label_text
from webapp.answers import answer_rows

BASE = "0" * 32


def rows_of(outputs: tuple[Output, ...], *answers: OutputAnswer, flags=((), ()), row_keys=None):
    rows = answer_rows(Signature((), outputs), Predictions(answers, flags), BASE, row_keys)
    assert [row.pop("prediction_id") for row in rows] == [f"{BASE}-{index}" for index in range(len(rows))]
    return rows


def test_a_classifier_answers_label_and_probabilities_by_label_text():
    output = Output("y0", "classification", (0, 1), 1)

    assert rows_of((output,), OutputAnswer([1, 0], [[0.25, 0.75], [1.0, 0.0]])) == [
        {"label": 1, "probabilities": {"0": 0.25, "1": 0.75}},
        {"label": 0, "probabilities": {"0": 1.0, "1": 0.0}},
    ]


def test_two_classes_have_one_score_and_more_have_one_each():
    two = Output("y0", "classification", ("a", "b"))
    three = Output("y0", "classification", ("a", "b", "c"))

    assert rows_of((two,), OutputAnswer(["a", "b"], scores=[-1.0, 2.0]))[1] == {"label": "b", "score": 2.0}
    assert rows_of((three,), OutputAnswer(["a", "b"], scores=[[1.0, 2.0, 3.0]] * 2))[0]["score"] == {
        "a": 1.0,
        "b": 2.0,
        "c": 3.0,
    }


def test_scores_of_pairs_of_classes_stay_a_list():
    four = Output("y0", "classification", ("a", "b", "c", "d"))

    assert rows_of((four,), OutputAnswer(["a", "b"], scores=[[1.0] * 6] * 2))[0]["score"] == [1.0] * 6


def test_a_regressor_answers_its_value():
    assert rows_of((Output("y0", "regression"),), OutputAnswer(values=[1.5, -2.0])) == [
        {"value": 1.5},
        {"value": -2.0},
    ]


def test_several_outputs_are_objects_by_output_name():
    outputs = (Output("a", "classification", (False, True)), Output("b", "classification", ("x", "y")))
    first = OutputAnswer([True, False], [[0.0, 1.0], [1.0, 0.0]])
    second = OutputAnswer(["x", "y"], [[0.5, 0.5], [0.5, 0.5]])

    assert rows_of(outputs, first, second)[0] == {
        "label": {"a": True, "b": "x"},
        "probabilities": {"a": {"false": 0.0, "true": 1.0}, "b": {"x": 0.5, "y": 0.5}},
    }


def test_flags_stand_only_where_they_were_raised():
    rows = rows_of(
        (Output("y0", "regression"),), OutputAnswer(values=[1.0, math.nan]), flags=((), ("not_finite",))
    )

    assert [row.get("flags") for row in rows] == [None, ["not_finite"]]


def test_row_keys_are_echoed_each_with_its_row():
    rows = rows_of((Output("y0", "regression"),), OutputAnswer(values=[1.0, 2.0]), row_keys=("k1", "k2"))

    assert [row["key"] for row in rows] == ["k1", "k2"]


@pytest.mark.parametrize(
    ("label", "text"),
    [("late", "late"), (1, "1"), (1.0, "1.0"), (0.1, "0.1"), (True, "true"), (False, "false")],
)
def test_label_texts(label, text):
    assert label_text(label) == text
