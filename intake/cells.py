"""One cell of a sample → the plain value that a request would carry, or the word for what was expected."""

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from lifecycle.signature import Feature, Kind

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INTEGER = re.compile(r"[+-]?\d+")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")
_BOOLEANS = {"true": True, "false": False}
_FEW = 50


class FaultyCellError(ValueError):
    """The cell is not what the column takes; the text says what the column takes."""


def plain(cell: Any) -> Any:
    """A cell as a plain Python value; every kind of missing is None."""
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, np.generic):
        return plain(cell.item())
    return cell.isoformat() if isinstance(cell, date | datetime) else cell


def parse(cell: Any, feature: Feature) -> Any:
    """The cell in the feature's terms. Raises FaultyCellError."""
    value = plain(cell)
    if value is None:
        return None
    if feature.kind == "category":
        return _category(value, feature)
    return _PARSERS[feature.kind](value)


def _number(value: Any) -> float | int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value) if _INTEGER.fullmatch(value) else float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FaultyCellError("a number")
    return value


def _integer(value: Any) -> int:
    try:
        number = _number(value)
    except FaultyCellError as problem:
        raise FaultyCellError("an integer") from problem
    if number != int(number):
        raise FaultyCellError("an integer")
    return int(number)


def _boolean(value: Any) -> bool:
    known = _BOOLEANS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(known, bool):
        raise FaultyCellError("true or false")
    return known


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise FaultyCellError("a text")
    return value


def _moment(value: Any) -> str:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError) as problem:
        raise FaultyCellError("a date and time such as 2026-01-31T08:00:00Z") from problem
    return str(value)


def _category(value: Any, feature: Feature) -> Any:
    """A CSV's text stands for the number or boolean that the model knows."""
    if value in feature.categories or not isinstance(value, str):
        return value
    by_text = {str(label).lower(): label for label in feature.categories if not isinstance(label, str)}
    if not by_text:
        return value
    if (label := by_text.get(value.lower())) is not None:
        return label
    return _number(value)


_PARSERS = {"number": _number, "integer": _integer, "boolean": _boolean, "text": _text, "datetime": _moment}


def guess_kind(cells: Sequence[Any]) -> Kind | None:
    """The narrowest kind that all cells fit; None when every cell is missing."""
    values = [value for cell in cells if (value := plain(cell)) is not None]
    if not values:
        return None
    if all(isinstance(value, str) for value in values):
        return _guess_from_texts(values)
    if all(isinstance(value, bool) for value in values):
        return "boolean"
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return "integer"
    return "number" if all(isinstance(value, int | float) for value in values) else None


def _guess_from_texts(values: list[str]) -> Kind:
    if all(value.lower() in _BOOLEANS for value in values):
        return "boolean"
    if all(map(_INTEGER.fullmatch, values)):
        return "integer"
    if all(map(_NUMBER.fullmatch, values)):
        return "number"
    if all(map(_MOMENT.fullmatch, values)):
        return "datetime"
    return "category" if len(set(values)) <= min(_FEW, len(values) // 2) else "text"
