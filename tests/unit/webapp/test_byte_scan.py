import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.byte_scan import count_byte, has_lone_minus_zero

PADDING = b"1" * 20_000  # makes a body large
PIECES = st.lists(st.sampled_from([b"-0", b"-", b"0", b".", b"5", b"e1", b",", b":", b"]"]), max_size=8)


@pytest.mark.parametrize("padding", [b"", PADDING])
@given(pieces=PIECES)
def test_large_bodies_are_judged_as_small_ones_are(padding, pieces):
    body = padding + b"".join(pieces)

    assert (re.search(rb"-0(?![.\deE])", body) is not None) == has_lone_minus_zero(body)
    assert body.count(b":") == count_byte(body, b":")
