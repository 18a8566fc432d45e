import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.errors import StoreError
from lifecycle.object_store import check_key


@pytest.mark.parametrize(
    "key", ["a", "policy/000042.json", "kind=prediction/date=2013-01-01/hour=05/m1-7.parquet"]
)
def test_keys_of_the_ring_are_keys(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "a/../b",
        "./a",
        "a\\b",
        "a b",
        "a%2f",
        "a#1",
        "é",
        "a\n",
        "a/" * 460 + "a",
    ],
)
def test_what_could_leave_the_area_or_differ_between_backends_is_refused(key: str) -> None:
    with pytest.raises(StoreError, match="can't be a key"):
        check_key(key)


@given(st.text(alphabet="ab./\\", max_size=8))
def test_an_accepted_key_stays_inside(key: str) -> None:
    try:
        check_key(key)
    except StoreError:
        return
    assert not {"", ".", ".."} & set(key.split("/"))
