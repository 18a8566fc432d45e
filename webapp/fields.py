"""A Marshmallow field for each kind of feature: what it takes, what it answers, how OpenAPI describes it."""

import re
import sys
from abc import ABC, abstractmethod
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import ValidationError, fields

from lifecycle.signature import Feature, Kind, Label
from webapp.faults import did_you_mean, json_type

# scikit-learn's trees compute in float32: a larger number would be infinite there, and fail in the model.
LARGEST_NUMBER = 3.4028234663852886e38
LARGEST_CATEGORY = 2**53  # beyond it integers and their floats are no longer told apart
_YEARS = range(1678, 2262)  # what 64 bits of nanoseconds, pandas' finest clock, can hold
_INT64_BITS = 64
_SHOWN_CATEGORIES = 20
_INTEGER_DTYPE = re.compile(r"(u?)int(\d+)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


class Described(fields.Field[Any], ABC):
    """A field that knows its own JSON Schema, so that the OpenAPI document can't drift from what is checked."""

    @abstractmethod
    def json_schema(self) -> dict[str, Any]: ...


class FeatureField(Described):
    """One feature of a row: always required; null is taken where the feature is nullable."""

    def __init__(self, feature: Feature) -> None:
        super().__init__(
            required=True,
            allow_none=feature.nullable,
            data_key=feature.name,
            error_messages={
                "required": "This feature is missing"
                + ("; send null where it is not known." if feature.nullable else "."),
                "null": "Must not be null: the model knows no missing value here.",
            },
        )
        self.feature = feature

    def json_schema(self) -> dict[str, Any]:
        schema = self.value_schema()
        if not self.feature.nullable:
            return schema
        if "enum" in schema:
            return {"enum": [*schema["enum"], None]}
        return {**schema, "type": [*_listed(schema["type"]), "null"]}

    @abstractmethod
    def value_schema(self) -> dict[str, Any]:
        """The JSON Schema of a value that is not null."""


class NumberField(FeatureField):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError(f"Must be a number, not {json_type(value)}.")
        if abs(value) > LARGEST_NUMBER:
            raise ValidationError(f"Must lie between -{LARGEST_NUMBER:.4g} and {LARGEST_NUMBER:.4g}.")
        return float(value)

    def value_schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}


class IntegerField(FeatureField):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError(f"Must be an integer, not {json_type(value)}.")
        if value != int(value):
            raise ValidationError("Must be an integer, without a fraction.")
        least, most = integer_range(self.feature.dtype)
        if not least <= value <= most:
            raise ValidationError(f"Must lie between {least} and {most}.")
        return int(value)

    def value_schema(self) -> dict[str, Any]:
        least, most = integer_range(self.feature.dtype)
        return {"type": "integer", "minimum": least, "maximum": most}


class BooleanField(FeatureField):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(f"Must be true or false, not {json_type(value)}.")
        return value

    def value_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class TextField(FeatureField):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError(f"Must be text, not {json_type(value)}.")
        return value

    def value_schema(self) -> dict[str, Any]:
        return {"type": "string"}


class CategoryField(FeatureField):
    """Values have the JSON type of the known categories, and come out as those very categories."""

    def __init__(self, feature: Feature) -> None:
        super().__init__(feature)
        self.known = {_identity(category): category for category in feature.categories}
        self.types = sorted({_category_type(category) for category in feature.categories} or {"string"})

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Label:
        if isinstance(value, dict | list) or _category_type(value) not in self.types:
            raise ValidationError(f"Must be {self._wanted()}, not {json_type(value)}.")
        if _identity(value) in self.known:
            return self.known[_identity(value)]
        if self.feature.unknown == "refuse":
            raise ValidationError(self._unknown(value))
        if not isinstance(value, str) and abs(value) > LARGEST_CATEGORY:
            raise ValidationError("This number is too large for a category.")
        accepted: Label = value
        return accepted

    def value_schema(self) -> dict[str, Any]:
        if self.feature.unknown == "refuse" and self.known:
            return {"enum": list(self.known.values())}
        schema: dict[str, Any] = {"type": self.types if len(self.types) > 1 else self.types[0]}
        if "number" in self.types:
            schema |= {"minimum": -LARGEST_CATEGORY, "maximum": LARGEST_CATEGORY}
        if self.known:
            schema["examples"] = list(self.known.values())[:_SHOWN_CATEGORIES]
        return schema

    def _wanted(self) -> str:
        words = {"string": "text", "number": "a number", "boolean": "true or false"}
        return " or ".join(words[name] for name in self.types)

    def _unknown(self, value: Any) -> str:
        texts = [category for category in self.known.values() if isinstance(category, str)]
        close = did_you_mean(value, texts) if isinstance(value, str) else ""
        return f"Must be one of the {len(self.known)} categories that the model knows. {close}".strip()


class DatetimeField(FeatureField):
    """RFC 3339 date-time or full-date; a date alone is its midnight in UTC."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        if not isinstance(value, str):
            raise ValidationError(f"Must be a date and time as text, not {json_type(value)}.")
        try:
            found = moment(value)
        except ValueError:
            raise ValidationError(
                'Must be an RFC 3339 date and time such as "2013-01-31T08:15:00Z", or a date.'
            ) from None
        if found.year not in _YEARS:
            raise ValidationError(f"Must lie in the years {_YEARS[0]} to {_YEARS[-1]}.")
        return found

    def value_schema(self) -> dict[str, Any]:
        return {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}


_FIELDS: dict[Kind, type[FeatureField]] = {
    "number": NumberField,
    "integer": IntegerField,
    "boolean": BooleanField,
    "category": CategoryField,
    "text": TextField,
    "datetime": DatetimeField,
}


def field_for(feature: Feature) -> FeatureField:
    return _FIELDS[feature.kind](feature)


def integer_range(dtype: str) -> tuple[int, int]:
    """The smallest and largest integer of a numpy or pandas dtype; a float column holds what it can exactly."""
    if "float" in dtype.lower():
        exact = 2**sys.float_info.mant_dig
        return -exact, exact
    match = _INTEGER_DTYPE.search(dtype)
    bits = int(match[2]) if match else _INT64_BITS
    if match and match[1]:
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def moment(text: str) -> datetime:
    """RFC 3339; a date alone is its midnight in UTC. Raises ValueError."""
    if _DATE.fullmatch(text):
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    if not _DATE_TIME.fullmatch(text):
        raise ValueError
    return datetime.fromisoformat(text.upper())


def moment_in_range(text: str) -> datetime:
    """As a DatetimeField takes it. Raises ValueError."""
    found = moment(text)
    if found.year not in _YEARS:
        raise ValueError
    return found


def _category_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


def _identity(value: Any) -> tuple[bool, Any]:
    """Python holds True and 1 for the same key; JSON does not."""
    return isinstance(value, bool), value


def _listed(names: str | list[str]) -> list[str]:
    return names if isinstance(names, list) else [names]
