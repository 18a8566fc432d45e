from datetime import UTC, datetime

import numpy as np
import pytest

from lifecycle.profile.values import as_numbers, category_counts, reading_of


def test_none_and_nan_are_missing_numbers():
    assert np.array_equal(
        [1.0, np.nan, np.nan], as_numbers([1, None, float("nan")], "number"), equal_nan=True
    )


def test_a_text_is_no_number():
    with pytest.raises(ValueError, match="could not convert"):
        as_numbers(["one"], "number")


def test_moments_are_unix_seconds_and_utc_unless_they_say_otherwise():
    zoned = datetime(2013, 1, 1, 1, tzinfo=UTC)

    assert as_numbers(["2013-01-01T00:00:00", zoned], "moment").tolist() == [1356998400.0, 1357002000.0]


def test_numpy_moments_read_like_texts():
    moments = np.array(["2013-01-01T00:00:00", "NaT"], dtype="datetime64[s]")

    assert np.array_equal([1356998400.0, np.nan], as_numbers(moments, "moment"), equal_nan=True)


def test_free_text_is_read_by_its_length():
    assert np.array_equal([2.0, np.nan, 0.0], as_numbers(["ab", None, ""], "length"), equal_nan=True)


def test_a_category_is_one_however_it_travelled():
    counted, missing = category_counts([3, 3.0, "3", True, None, float("nan"), "true"])

    assert counted == {"3": 3, "true": 2}
    assert missing == 2


def test_numpy_columns_count_like_lists():
    assert category_counts(np.array(["a", "b", "a"])) == ({"a": 2, "b": 1}, 0)


def test_booleans_are_categories_and_integers_numbers():
    assert (reading_of("boolean"), reading_of("integer")) == ("category", "number")
