"""What a model file is wrapped in: recognised by its first bytes and unwrapped in memory, never beyond a cap."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lifecycle.errors import ModelRefusedError

MAX_BYTES = 8 << 30
_LZMA_DICTIONARY_BYTES = 256 << 20
_OLD_JOBLIB = b"ZF"
_LZ4 = b"\x04\x22M\x18"


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _gzip() -> _Decompressor:
    return zlib.decompressobj(wbits=31)


def _lzma() -> _Decompressor:
    return lzma.LZMADecompressor(memlimit=_LZMA_DICTIONARY_BYTES)


_CONTAINERS: tuple[tuple[bytes, str, Callable[[], _Decompressor]], ...] = (
    (b"\x1f\x8b", "gzip", _gzip),
    (b"BZh", "bz2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", "xz", _lzma),
    (b"\x5d\x00\x00", "lzma", _lzma),
    (b"\x78", "zlib", zlib.decompressobj),
)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """`container` is "none" for bytes that were not wrapped; `trailing` counts bytes behind the wrapping's end."""

    data: bytes
    container: str
    trailing: int = 0


def unwrap(data: bytes, max_bytes: int = MAX_BYTES) -> Unwrapped:
    """Unwrap gzip, bz2, xz, lzma, zlib or lz4. Raises ModelRefusedError: damaged, cut off, or beyond `max_bytes`."""
    if data.startswith(_OLD_JOBLIB):
        raise ModelRefusedError(
            "This file was written by joblib 0.9 or older, whose format loads other files by name.",
            fix="Load it where it was made and dump it again with a current joblib.",
        )
    if data.startswith(_LZ4):
        return _unwrap_lz4(data, max_bytes)
    for magic, name, decompressor in _CONTAINERS:
        if data.startswith(magic):
            return _unwrap(data, name, decompressor(), max_bytes)
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    return Unwrapped(data, "none")


def _unwrap(data: bytes, name: str, decompressor: _Decompressor, max_bytes: int) -> Unwrapped:
    try:
        plain = decompressor.decompress(data, max_bytes + 1)
    except (OSError, EOFError, ValueError, MemoryError, zlib.error, lzma.LZMAError) as problem:
        raise ModelRefusedError(
            f"The file begins like {name} but can't be unpacked: it is damaged, or something else.",
            fix="Copy it again from where it was made and compare the checksums.",
        ) from problem
    if len(plain) > max_bytes:
        raise _too_large(max_bytes)
    if not decompressor.eof:
        raise ModelRefusedError(
            f"The {name} file is cut off: its end is missing.",
            fix="Copy it again from where it was made and compare the sizes.",
        )
    return Unwrapped(plain, name, len(decompressor.unused_data))


def _unwrap_lz4(data: bytes, max_bytes: int) -> Unwrapped:
    try:
        from lz4.frame import (  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - an optional package
            LZ4FrameDecompressor,
        )
    except ImportError as problem:
        raise ModelRefusedError(
            "The file is compressed with lz4, which is not installed here.",
            fix="Dump it again with joblib.dump(model, path, compress=3).",
        ) from problem
    return _unwrap(data, "lz4", LZ4FrameDecompressor(), max_bytes)


def _too_large(max_bytes: int) -> ModelRefusedError:
    return ModelRefusedError(
        f"The file holds more than {max_bytes:,} bytes when unpacked.",
        fix="A model of that size needs a limit of its own; if the file is small, it is a decompression bomb.",
    )
