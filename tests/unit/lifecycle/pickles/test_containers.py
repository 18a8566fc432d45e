import bz2
import gzip
import lzma
import zlib
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.errors import ModelRefusedError
from lifecycle.pickles.containers import Unwrapped, unwrap

COMPRESSORS = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "zlib": zlib.compress,
}


@pytest.mark.parametrize("name", COMPRESSORS)
@given(data=st.binary(max_size=2000))
def test_what_was_compressed_comes_back(name, data):
    assert unwrap(COMPRESSORS[name](data)) == Unwrapped(data, name)


def test_what_is_not_compressed_is_left_alone():
    assert unwrap(b"\x80\x04N.") == Unwrapped(b"\x80\x04N.", "none")


@pytest.mark.parametrize("name", COMPRESSORS)
def test_a_decompression_bomb_stops_at_the_cap(name):
    bomb = COMPRESSORS[name](bytes(20_000_000))
    assert len(bomb) < 100_000

    with pytest.raises(ModelRefusedError, match="more than 1,000 bytes"):
        unwrap(bomb, max_bytes=1000)


@pytest.mark.parametrize("name", COMPRESSORS)
def test_exactly_the_cap_is_allowed(name):
    assert unwrap(COMPRESSORS[name](bytes(1000)), max_bytes=1000).data == bytes(1000)


@pytest.mark.parametrize("name", ["gzip", "bz2", "xz", "zlib"])
def test_a_cut_off_file_says_so(name):
    whole = COMPRESSORS[name](bytes(range(256)) * 20)

    with pytest.raises(ModelRefusedError, match="cut off"):
        unwrap(whole[: len(whole) // 2])


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\x00", b"\x78\x9c"])
def test_a_damaged_file_says_so(magic):
    with pytest.raises(ModelRefusedError, match=r"damaged|cut off"):
        unwrap(magic + b"\xff" * 100)


def test_bytes_behind_the_wrapping_are_counted():
    assert unwrap(gzip.compress(b"N.") + b"more").trailing == 4


def test_a_raw_file_beyond_the_cap_is_refused():
    with pytest.raises(ModelRefusedError, match="more than 3 bytes"):
        unwrap(b"\x80\x04N.", max_bytes=3)


def test_the_old_joblib_format_that_loads_other_files_is_refused():
    with pytest.raises(ModelRefusedError, match=r"joblib 0\.9"):
        unwrap(b"ZF0x10              " + zlib.compress(b"N."))


@pytest.mark.skipif(find_spec("lz4") is not None, reason="lz4 is installed here")
def test_lz4_without_its_library_is_refused_with_the_way_out():
    with pytest.raises(ModelRefusedError, match="lz4") as refusal:
        unwrap(b"\x04\x22M\x18" + bytes(20))
    assert "joblib.dump" in refusal.value.fix


@given(
    st.binary(max_size=300),
    st.sampled_from([b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\x00", b"\x5d\x00\x00", b"\x78", b"ZF"]),
)
def test_any_bytes_are_unwrapped_or_refused(data, magic):
    try:
        unwrap(magic + data, max_bytes=10_000)
    except ModelRefusedError:
        return
