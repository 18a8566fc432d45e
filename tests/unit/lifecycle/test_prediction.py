"""Prediction ids: sortable by time, checked by key and owner, refused when mistyped."""

from hypothesis import given
from hypothesis import strategies as st

from lifecycle import clock, prediction
from lifecycle.prediction import FleetKey

KEY = FleetKey(b"k" * 32)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_an_id_is_32_crockford_characters_a_dash_and_the_row():
    base = prediction.mint(KEY, rows=3)

    assert len(base) == 32
    assert set(base) <= set(ALPHABET)
    assert prediction.row_id(base, 2) == f"{base}-2"


@given(rows=st.integers(1, 65_535), data=st.data(), owner=st.text(max_size=20))
def test_every_row_of_a_minted_id_verifies_for_its_owner(rows, data, owner):
    row = data.draw(st.integers(0, rows - 1))
    before = clock.unix_ms()

    minted = prediction.verify(KEY, prediction.row_id(prediction.mint(KEY, rows, owner), row), owner)

    assert minted is not None
    assert (minted.rows, minted.row) == (rows, row)
    assert before <= minted.unix_ms <= clock.unix_ms()


@given(unix_ms=st.integers(0, 2**48 - 1))
def test_an_id_carries_the_time_that_it_was_given(unix_ms):
    minted = prediction.verify(KEY, prediction.row_id(prediction.mint(KEY, 1, unix_ms=unix_ms), 0))

    assert minted is not None
    assert minted.unix_ms == unix_ms


def test_a_row_beyond_the_request_is_refused():
    assert prediction.verify(KEY, prediction.row_id(prediction.mint(KEY, rows=2), 2)) is None


def test_another_owners_id_is_refused():
    assert prediction.verify(KEY, prediction.row_id(prediction.mint(KEY, 1, "alice"), 0), "bob") is None


def test_another_fleets_id_is_refused():
    assert prediction.verify(FleetKey(b"x" * 32), prediction.row_id(prediction.mint(KEY, 1), 0)) is None


def test_the_previous_key_still_verifies_after_a_rotation():
    rotated = FleetKey(b"n" * 32, previous=KEY.current)

    assert prediction.verify(rotated, prediction.row_id(prediction.mint(KEY, 1), 0)) is not None


@given(position=st.integers(0, 31), letter=st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_refused(position, letter):
    base = prediction.mint(KEY, rows=1)
    typo = base[:position] + letter + base[position + 1 :]

    assert (prediction.verify(KEY, f"{typo}-0") is not None) == (typo == base)


@given(st.text(max_size=50))
def test_any_other_text_is_refused_and_never_raises(text):
    assert prediction.verify(KEY, text) is None


def test_row_numbers_have_one_spelling():
    base = prediction.mint(KEY, rows=20)

    for spelling in ("00", "01", "+1", " 1", "1 ", "", "-1", "１"):
        assert prediction.verify(KEY, f"{base}-{spelling}") is None


def test_later_ids_sort_after_earlier_ones():
    earlier, later = (1_000).to_bytes(6, "big"), (1_001).to_bytes(6, "big")

    assert prediction._encode(earlier + b"\xff" * 14) < prediction._encode(later + b"\x00" * 14)


def test_the_key_is_never_printed():
    assert "kkkk" not in repr(KEY)
