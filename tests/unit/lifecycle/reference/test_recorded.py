import numpy as np

from lifecycle.reference.base_set import read_base_set, write_base_set
from lifecycle.reference.labelled import LabelledReference
from lifecycle.reference.recorded import plain_values, true_values
from lifecycle.signature import Feature, Output, Signature
from tests.builders import all_kinds, category

OUTPUT = Output("y", "classification", (0, 1, True), 1)


def test_whole_numbers_and_booleans_with_gaps_come_back_from_floats():
    count, member = Feature("count", "integer", "int64"), Feature("member", "boolean", "bool")

    assert plain_values(count, np.array([3.0, np.nan]).tolist()) == [3, None]
    assert plain_values(member, [1.0, np.nan, 0.0]) == [True, None, False]


def test_categories_that_are_no_texts_come_back_from_texts():
    assert plain_values(category("zone", (1, "a", True)), ["1", "a", "true", None]) == [1, "a", True, None]


def test_what_is_no_label_counts_as_not_known():
    signature = Signature((), (Output("y", "classification", ("late", "on time")),))

    assert true_values(signature, ["late", "never", None], [None] * 3) == (["late", None, None],)


def test_several_outputs_come_from_one_object():
    signature = Signature(
        (), (Output("price", "regression"), Output("sold", "classification", (False, True), True))
    )
    told = ['{"price":3,"sold":true}', '{"price":"x"}', None]

    assert true_values(signature, told, [None] * 3) == ([3.0, None, None], [True, None, None])


def test_a_base_set_is_read_as_it_was_written(tmp_path):
    model = all_kinds().model
    row = all_kinds().rows[0]
    columns = {name: [value, value] for name, value in row.items()}
    columns |= {
        "amount": [0.1 + 0.2, None],
        "count": [None, 7],
        "zone": [3, None],
        "note": ["a 'b' \"c\"", None],
    }
    reference = LabelledReference(columns, ([1, None],), 2, [1, 2], ["holdout", None])
    write_base_set(reference, model.signature, tmp_path / "base.parquet")

    read = read_base_set(tmp_path / "base.parquet", model.signature)

    assert (read.columns, read.truths, read.moments, read.fold) == (
        columns, ([1, None],), [1, 2], ["holdout", None],
    )  # fmt: skip
