import pytest
from hypothesis import given
from hypothesis import strategies as st

from picklefleet.bars import WIDTH, bar, scale_line


def test_a_bar_shows_value_and_interval_at_their_places():
    drawn = bar(0.5, 0.25, 0.75)

    assert (drawn.index("├"), drawn.index("●"), drawn.index("┤")) == (10, 20, 29)


@given(st.lists(st.floats(-10, 10), min_size=3, max_size=3), st.floats(-5, 5), st.floats(0, 5))
def test_every_bar_is_as_wide_as_the_others(numbers, first, span):
    low, value, high = sorted(numbers)

    drawn = bar(value, low, high, first=first, last=first + span)

    assert len(drawn) == WIDTH
    assert drawn.count("●") == 1


@pytest.mark.parametrize(("first", "last"), [(0.0, 1.0), (0.123456, 123456.7)])
def test_the_scale_is_as_wide_as_the_bars(first, last):
    assert len(scale_line(first, last)) == WIDTH
