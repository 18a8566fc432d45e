"""Prediction ids: 160 bits as 32 Crockford base-32 characters, `-`, and the row's number from 0.

48 bits of Unix milliseconds (ids sort by time), 64 random, 16 of row count, and a 32-bit keyed BLAKE2b check
over those 128 bits and the owner id: a forged, mistyped or foreign id is refused without a look-up.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lifecycle import clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)  # of ten bits each
_LENGTH = 32
MAX_ROW_KEY = 256
_PERSON = b"prediction-id"


@dataclass(frozen=True, slots=True)
class FleetKey:
    """The secret that every machine of a fleet checks ids with; `previous` still verifies after a rotation."""

    current: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MintedId:
    """What a valid prediction id tells: when it was minted (Unix ms), how many rows, and which row it names."""

    base: str
    unix_ms: int
    rows: int
    row: int


def mint(key: FleetKey, rows: int, owner: str = "", *, unix_ms: int | None = None) -> str:
    """The base of one request's ids; row i's id is `row_id(base, i)`. `rows` is 1 to 65,535.

    `unix_ms`: the time in it, which is the record's; None is now.
    """
    minted_ms = clock.unix_ms() if unix_ms is None else unix_ms
    body = minted_ms.to_bytes(6, "big") + os.urandom(8) + rows.to_bytes(2, "big")
    return _encode(body + _check(key.current, body, owner))


def row_id(base: str, row: int) -> str:
    return f"{base}-{row}"


def row_key_reference(key: str) -> str:
    """Stands in feedback where an id would: the caller's own key for the row. No id is written like this."""
    return f"key:{key}"


def verify(key: FleetKey, prediction_id: str, owner: str = "") -> MintedId | None:
    """What the id says, or None when it was not minted by this fleet for this owner."""
    base, separator, number = prediction_id.partition("-")
    raw = _decode(base)
    if raw is None or not separator or not _plain_number(number):
        return None
    body, check = raw[:16], raw[16:]
    rows = int.from_bytes(body[14:], "big")
    known = [secret for secret in (key.current, key.previous) if secret]
    if int(number) >= rows or not any(hmac.compare_digest(_check(k, body, owner), check) for k in known):
        return None
    return MintedId(base, int.from_bytes(body[:6], "big"), rows, int(number))


def _plain_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and (text == "0" or text[0] != "0")


def _check(secret: bytes, body: bytes, owner: str) -> bytes:
    check = _keyed(secret).copy()
    check.update(body + owner.encode())
    digest: bytes = check.digest()
    return digest


@lru_cache(maxsize=8)
def _keyed(secret: bytes) -> Any:
    """To be copied: taking in a key costs more than the rest."""
    return hashlib.blake2b(key=secret, digest_size=4, person=_PERSON)


def _encode(raw: bytes) -> str:
    return "".join([_eight(int.from_bytes(raw[start : start + 5], "big")) for start in (0, 5, 10, 15)])


def _eight(number: int) -> str:
    """40 bits: four parts of such a size cost less than one of 160 bits."""
    return f"{_PAIRS[number >> 30]}{_PAIRS[number >> 20 & 1023]}{_PAIRS[number >> 10 & 1023]}{_PAIRS[number & 1023]}"


def _decode(text: str) -> bytes | None:
    if len(text) != _LENGTH:
        return None
    number = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            return None
        number = number << 5 | value
    return number.to_bytes(20, "big")
