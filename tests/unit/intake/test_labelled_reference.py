import numpy as np
import pandas as pd
import pytest

from intake.labelled_reference import features_only, labelled_reference, with_positive
from intake.register import Request
from lifecycle.errors import ModelRefusedError, PicklefleetError
from lifecycle.signature import Feature, Output, Signature

CLASSES = Signature((Feature("x", "number", "float64"),), (Output("y", "classification", (0, 1)),))
NUMBERS = Signature((Feature("x", "number", "float64"),), (Output("y", "regression"),))


def table(rows=2000, **columns):
    given = {
        "x": [str(row) for row in range(rows)],
        "late": [str(int(row % 4 == 0)) for row in range(rows)],
        "at": ["2013-01-31T23:59:00-05:00"] * rows,
        "fold": ["holdout" if row % 5 == 0 else "train" for row in range(rows)],
    }
    return pd.DataFrame(given | columns, dtype=object)


def request(**more):
    return Request(**({"model": "m", "name": "m", "reference": "r", "target": ("late",)} | more))


def refusal(given, signature=CLASSES, **more):
    with pytest.raises(ModelRefusedError) as refused:
        labelled_reference(given, signature, request(**more))
    return str(refused.value)


def test_true_values_days_and_fold_are_read():
    reference = labelled_reference(table(), CLASSES, request(time="at", fold="fold"))

    assert reference.truths[0][:5] == [1, 0, 0, 0, 1]
    assert set(reference.days) == {"2013-02-01"}, "a day is one of UTC"
    assert reference.holdout.sum() == 400


def test_without_a_time_and_a_fold_there_are_none():
    reference = labelled_reference(table(), CLASSES, request())

    assert reference.days is None
    assert reference.holdout is None


@pytest.mark.parametrize(
    ("labels", "cells"),
    [((False, True), ("False", "True")), ((1, 2), ("1.0", "2")), (("a", "b"), ("a", "b"))],
)
def test_the_texts_of_a_csv_stand_for_the_labels(labels, cells):
    signature = Signature(CLASSES.inputs, (Output("y", "classification", labels),))

    reference = labelled_reference(table(late=list(cells) * 1000), signature, request())

    assert reference.truths[0][:2] == list(labels)


def test_rows_without_a_true_value_stay_and_are_known():
    late = [None if row < 10 else "0" for row in range(2100)]

    reference = labelled_reference(table(2100, late=late), CLASSES, request())

    assert (reference.rows, reference.labelled.sum()) == (2100, 2090)


def test_the_rarer_label_is_the_positive_one_unless_it_was_named():
    reference = labelled_reference(table(), CLASSES, request())
    named = Signature(CLASSES.inputs, (Output("y", "classification", (0, 1), positive=0),))

    assert with_positive(CLASSES, reference).outputs[0].positive == 1
    assert with_positive(named, reference).outputs[0].positive == 0


def test_a_sample_from_a_reference_has_features_only():
    assert list(features_only(table(), request(time="at", fold="fold")).columns) == ["x"]


def test_what_can_not_be_used_is_refused_with_the_way_out():
    assert "1,999 rows" in refusal(table(1999))
    assert "1 outputs" in refusal(table(), target=("late", "x"))
    assert "Row 3 of the reference has '7' in late; expected one of 0, 1" in refusal(
        table(late=["0", "1", "7", "0"] * 500)
    )
    assert "expected a number" in refusal(table(late=["soon"] * 2000), NUMBERS)
    assert "expected a time" in refusal(table(at=["noon"] * 2000), time="at")
    assert "0 labelled rows have 'holdout'" in refusal(table(fold=["train"] * 2000), fold="fold")
    assert "Only 1 rows" in refusal(table(late=["1"] + [None] * 1999))
    transform = Signature(CLASSES.inputs, (Output("y", "transform"),))
    assert "transformer" in refusal(table(), transform)


def test_a_misspelt_column_is_named():
    with pytest.raises(PicklefleetError, match=r"'lat' .it has 'late'"):
        labelled_reference(table(), CLASSES, request(target=("lat",)))


def test_numbers_are_true_values_of_a_regression():
    reference = labelled_reference(table(late=["1.5"] * 2000), NUMBERS, request())

    assert np.mean(reference.truths[0]) == 1.5
