"""One column of plain values as the log keeps it → floats, or counts of category texts. None is missing."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lifecycle.signature import Kind

Array = npt.NDArray[Any]
Reading = Literal["number", "category", "moment", "length"]

_READINGS: dict[Kind, Reading] = {
    "number": "number",
    "integer": "number",
    "boolean": "category",
    "category": "category",
    "datetime": "moment",
    "text": "length",
}


def reading_of(kind: Kind) -> Reading:
    """How a feature is looked at: moments as Unix seconds, free text as its length in characters."""
    return _READINGS[kind]


def as_numbers(values: Sequence[Any] | Array, reading: Reading) -> Array:
    """Values → as many float64, NaN where missing. Raises ValueError or TypeError for what is no number."""
    if reading == "moment":
        return _seconds(values)
    if reading == "length":
        return np.asarray([None if _is_missing(value) else len(value) for value in values], dtype=np.float64)
    return np.asarray(values, dtype=np.float64)


def category_counts(values: Sequence[Any] | Array) -> tuple[dict[str, int], int]:
    """How often each category occurs, by its text, and how many values are missing."""
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    counted: Counter[str] = Counter()
    missing = 0
    for value, times in Counter(plain).items():
        if _is_missing(value):
            missing += times
        else:
            counted[category_text(value)] += times
    return dict(counted), missing


def category_text(value: Any) -> str:
    """The same text for a category however it travelled: 3 and 3.0 are one, True is JSON's true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _seconds(values: Sequence[Any] | Array) -> Array:
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        seconds = values.astype("datetime64[us]").astype(np.float64) / 1e6
        return np.where(np.isnat(values), np.nan, seconds)
    return np.asarray([None if _is_missing(value) else _unix(value) for value in values], dtype=np.float64)


def _unix(value: Any) -> float:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN differs from itself
