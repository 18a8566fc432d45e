import pandas as pd
import pytest

from intake.sample_columns import columns_of, names_from_sample
from lifecycle.errors import PicklefleetError
from lifecycle.signature import Feature

FEATURES = [
    Feature("fare", "number", "float64"),
    Feature("port", "category", "object", categories=("C", "S")),
]


def test_columns_come_in_the_features_order_and_others_are_left():
    sample = pd.DataFrame({"id": ["7"], "port": [None], "fare": ["1.5"]})

    assert list(columns_of(sample, FEATURES).items()) == [("fare", [1.5]), ("port", [None])]


def test_many_faults_are_shown_in_part_with_their_count():
    sample = pd.DataFrame({"fare": ["x"] * 25, "port": ["C"] * 25})

    with pytest.raises(
        PicklefleetError, match=r"row 1, column 'fare': not a number;.*row 10,.*; and 15 more"
    ) as fault:
        columns_of(sample, FEATURES)

    assert "row 11" not in str(fault.value)


def test_absent_columns_are_named():
    with pytest.raises(PicklefleetError, match="no column 'fare', 'port'; the model takes fare, port"):
        columns_of(pd.DataFrame({"zzz": ["1"]}), FEATURES)


def test_the_makers_answers_are_no_features():
    sample = pd.DataFrame({"a": ["1"], "b": ["2"], "expected_label": ["x"], "expected_probability:x": ["1"]})

    assert names_from_sample(sample, 2) == ("a", "b")
