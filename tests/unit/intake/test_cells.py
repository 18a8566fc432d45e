import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.cells import FaultyCellError, guess_kind, parse
from lifecycle.signature import Feature


def feature(kind, categories=()):
    return Feature("f", kind, "object", categories=categories)


@pytest.mark.parametrize("cell", [None, math.nan, np.float64("nan"), pd.NA, pd.NaT])
@pytest.mark.parametrize("kind", ["number", "category", "text"])
def test_every_missing_cell_is_none(cell, kind):
    assert parse(cell, feature(kind)) is None


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("number", "1.50", 1.5),
        ("number", "-3", -3),
        ("number", np.float32(0.5), 0.5),
        ("integer", "112.0", 112),
        ("integer", np.int64(7), 7),
        ("boolean", "TRUE", True),
        ("boolean", np.False_, False),
        ("text", "NA", "NA"),
        ("datetime", pd.Timestamp("2026-01-31T08:00"), "2026-01-31T08:00:00"),
        ("datetime", "2026-01-31", "2026-01-31"),
    ],
)
def test_a_cell_becomes_what_a_request_would_carry(kind, cell, value):
    parsed = parse(cell, feature(kind))

    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "cell", "wanted"),
    [
        ("number", "NA", "a number"),
        ("number", "nan", "a number"),
        ("number", "1_000", "a number"),
        ("number", math.inf, "a number"),
        ("number", True, "a number"),
        ("integer", "1.5", "an integer"),
        ("boolean", "1", "true or false"),
        ("text", 3, "a text"),
        ("datetime", "yesterday", "a date and time"),
        ("category", "x", "a number"),
    ],
)
def test_a_faulty_cell_tells_what_the_column_takes(kind, cell, wanted):
    with pytest.raises(FaultyCellError, match=wanted):
        parse(cell, feature(kind, categories=(1, 2)))


@pytest.mark.parametrize(
    ("categories", "cell", "value"),
    [
        (("1", "2"), "2", "2"),
        ((1, 2), "2", 2),
        ((1.0, 2.0), "2", 2.0),
        ((1, 2), "9", 9),
        (("a",), "nan", "nan"),
    ],
)
def test_a_category_has_the_type_that_the_model_knows(categories, cell, value):
    assert parse(cell, feature("category", categories)) == value


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", None, "2"], "integer"),
        (["1", "2.0"], "number"),
        (["true", "False"], "boolean"),
        (["2026-01-31", "2026-01-31T08:00:00Z"], "datetime"),
        (["a", "b", "a", "b"], "category"),
        (["one text", "another text"], "text"),
        (["1", "NA", "1", "NA"], "category"),
        ([True, False], "boolean"),
        ([1, 2], "integer"),
        ([1, 2.5], "number"),
        ([None, math.nan], None),
    ],
)
def test_the_narrowest_kind_that_all_cells_fit_is_guessed(cells, kind):
    assert guess_kind(cells) == kind


@given(st.lists(st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_as_csv_texts_are_parsed_as_what_was_guessed(values):
    cells = [None if value is None else str(value) for value in values]
    kind = guess_kind(cells)

    if kind is not None:
        assert [parse(cell, feature(kind)) for cell in cells] == values
