"""The rows of a request as columns: for each feature an array with a value for each row, in the order of the rows."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from lifecycle.signature import Signature
from webapp.faults import json_type
from webapp.fields import Described, field_for
from webapp.strict_schema import Strict

SURPLUS_MEMBERS = 16  # more unknown names than this are one fault: to explain each would cost too much


class ColumnsField(Described):
    """The number of rows is looked at before any value is; each value is checked as in a row."""

    def __init__(self, signature: Signature, max_rows: int) -> None:
        super().__init__(
            error_messages={"null": "Must not be null; leave it out."},
            metadata={"description": "In place of `instances`: by feature name, a value for each row."},
        )
        self.names, self.max_rows = signature.names, max_rows
        self.columns: dict[str, fields.List[Any]] = {
            f"f{index}": _column(field_for(feature)) for index, feature in enumerate(signature.inputs)
        }
        self.schema = Strict.from_dict(dict(self.columns), name="Columns")()

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError(f"Must be an object by feature name, not {json_type(value)}.")
        if len(value) > 2 * len(self.names) + SURPLUS_MEMBERS:
            raise ValidationError(f"Has {len(value):,} members; the model takes {len(self.names):,}.")
        faults = self._faults_of_counts(value)
        if faults:
            raise ValidationError(faults)
        return self.schema.load(value)

    def _faults_of_counts(self, value: Mapping[str, Any]) -> dict[str, list[str]]:
        counts = {name: len(value[name]) for name in self.names if isinstance(value.get(name), list)}
        faults = {
            name: [f"Holds {count:,} rows; one request takes 1 to {self.max_rows:,}. Send several requests."]
            for name, count in counts.items()
            if not 1 <= count <= self.max_rows
        }
        first = next(iter(counts), "")
        return faults or {
            name: [f"Has {count:,} values; the first column has {counts[first]:,}."]
            for name, count in counts.items()
            if count != counts[first]
        }

    def json_schema(self) -> dict[str, Any]:
        columns = {
            field.data_key: {
                "type": "array",
                "items": field.inner.json_schema(),
                "minItems": 1,
                "maxItems": self.max_rows,
            }
            for field in self.columns.values()
            if isinstance(field.inner, Described)
        }
        return {
            "type": "object",
            "properties": columns,
            "required": list(self.names),
            "additionalProperties": False,
        }


def _column(field: fields.Field[Any]) -> fields.List[Any]:
    wrong = "Must be an array with a value for each row."
    return fields.List(
        field,
        required=True,
        data_key=field.data_key,
        error_messages={"required": "This feature is missing.", "null": wrong, "invalid": wrong},
    )
