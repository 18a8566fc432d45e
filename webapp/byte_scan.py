"""What a body's bytes tell before they are understood. Large bodies are looked at by numpy, several bytes at a time."""

import re

import numpy as np

_LARGE = 16 * 1024  # below it Python's own ways are quicker
_LARGE_SEARCH = 32 * 1024
_MINUS_ZERO = re.compile(rb"-0(?![.\deE])")
_MINUS, _ZERO, _POINT = b"-0."


def count_byte(body: bytes, byte: bytes) -> int:
    if len(body) < _LARGE:
        return body.count(byte)
    return int(np.count_nonzero(np.frombuffer(body, np.uint8) == byte[0]))


def has_lone_minus_zero(body: bytes) -> bool:
    """Whether a minus stands before a zero that is the whole number (or looks so inside of a text)."""
    if len(body) >= _LARGE_SEARCH and not _has_minus_zero_without_point(body):
        return False
    return b"-0" in body and _MINUS_ZERO.search(body) is not None


def _has_minus_zero_without_point(body: bytes) -> bool:
    each = np.frombuffer(body, np.uint8)
    minus_zeros = (each[:-2] == _MINUS) & (each[1:-1] == _ZERO)
    return bool((minus_zeros & (each[2:] != _POINT)).any()) or body.endswith(b"-0")
