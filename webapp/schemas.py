"""The contract of one model as Marshmallow schemas, generated from its signature and built once.

Requests are checked by them, and the OpenAPI document and the documentation page are made from them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from lifecycle.signature import Method, Output, Signature, label_text
from webapp.columns_field import SURPLUS_MEMBERS, ColumnsField
from webapp.faults import json_type
from webapp.fields import Described, field_for
from webapp.strict_schema import Strict

MAX_KEY = 256
_NUMBER = {"type": ["number", "null"]}


class PredictRequest(msgspec.Struct, frozen=True):
    """A request that was found right. `columns` hold `rows` values each, by feature name, in the model's terms."""

    rows: int
    columns: Mapping[str, Sequence[Any]]
    unit_id: str | None = None
    row_keys: tuple[str, ...] | None = None
    method: Method | None = None


class RowField(Described):
    """One row: an object by feature name, or a plain array where the model knows no names."""

    def __init__(self, signature: Signature) -> None:
        super().__init__(required=True)
        self.names = signature.names
        self.named = signature.named
        self.most_members = 2 * len(signature.names) + SURPLUS_MEMBERS
        self.schema = row_schema(signature)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if isinstance(value, list) and not self.named:
            return self._array(value)
        if not isinstance(value, dict):
            wanted = "an object by feature name" + ("" if self.named else " or an array")
            raise ValidationError(f"Must be {wanted}, not {json_type(value)}.")
        if len(value) > self.most_members:
            raise ValidationError(f"Has {len(value):,} members; the model takes {len(self.names):,}.")
        return self.schema.load(value)

    def _array(self, values: list[Any]) -> Any:
        if len(values) != len(self.names):
            raise ValidationError(f"Has {len(values)} values; the model takes {len(self.names)}.")
        try:
            return self.schema.load(dict(zip(self.names, values, strict=True)))
        except ValidationError as problem:
            places = {name: index for index, name in enumerate(self.names)}
            raise ValidationError(
                {places[name]: messages for name, messages in problem.messages_dict.items()}
            ) from None

    def json_schema(self) -> dict[str, Any]:
        by_name = {"$ref": "#/components/schemas/Row"}
        if self.named:
            return by_name
        values = [
            field.json_schema() for field in self.schema.fields.values() if isinstance(field, Described)
        ]
        count = len(values)
        in_order = {"type": "array", "prefixItems": values, "minItems": count, "maxItems": count}
        return {"anyOf": [by_name, in_order]}


class InstancesField(fields.List[Any]):
    """The rows; their number is looked at before any of them is."""

    def __init__(self, signature: Signature, max_rows: int) -> None:
        super().__init__(
            RowField(signature),
            validate=validate.Length(1, max_rows),
            error_messages={
                "null": "Must be an array of rows.",
                "invalid": "Must be an array of rows.",
            },
        )
        self.max_rows = max_rows

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and not 1 <= len(value) <= self.max_rows:
            raise ValidationError(
                f"Holds {len(value):,} rows; one request takes 1 to {self.max_rows:,}. Send several requests."
            )
        rows: list[Any] = super()._deserialize(value, *args, **kwargs)
        return rows


class RequestSchema(Strict):
    """Base of every model's request: what needs more than one field is checked here."""

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_one_form(self, _data: Any, original: Any, **_: Any) -> None:
        if not isinstance(original, dict):
            return
        if "instances" in original and "columns" in original:
            raise ValidationError("The rows stand in `instances` already: leave one of them out.", "columns")
        if "instances" not in original and "columns" not in original:
            raise ValidationError("Missing: the rows to predict.", "instances")

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_row_keys(self, _data: Any, original: Any, **_: Any) -> None:
        keys = original.get("row_keys") if isinstance(original, dict) else None
        if not isinstance(keys, list):
            return
        rows = _rows(original)
        if isinstance(rows, list) and len(rows) != len(keys):
            raise ValidationError(f"Has {len(keys):,} keys for {len(rows):,} rows.", "row_keys")


def _rows(original: Mapping[str, Any]) -> Any:
    """Something as long as there are rows, where there is."""
    columns = original.get("columns")
    if "instances" in original or not isinstance(columns, dict):
        return original.get("instances")
    return next((column for column in columns.values() if isinstance(column, list)), None)


def row_schema(signature: Signature) -> Schema:
    """Attributes are f0…fn, since a feature may have any name, also that of a method of Schema."""
    return Strict.from_dict(
        {f"f{index}": field_for(feature) for index, feature in enumerate(signature.inputs)}, name="Row"
    )()


def methods_of(signature: Signature) -> tuple[Method, ...]:
    """What a request may name as its method, the default first."""
    return tuple(dict.fromkeys(method for output in signature.outputs for method in output.methods))


def request_schema(signature: Signature, max_rows: int) -> Schema:
    methods = methods_of(signature)
    return RequestSchema.from_dict(
        {
            "instances": InstancesField(signature, max_rows),
            "columns": ColumnsField(signature, max_rows),
            "unit_id": _key("Who or what the rows are about; the same unit always meets the same version."),
            "row_keys": fields.List(
                _key("A row's own key, recorded and echoed."),
                validate=validate.Length(1, max_rows),
                error_messages={"invalid": "Must be an array of texts, one for each row."},
                metadata={"description": "Your own key for each row, in the order of `instances`."},
            ),
            "method": fields.String(
                validate=validate.OneOf(methods, error="Must be one of: {choices}."),
                error_messages={"invalid": "Must be text.", "null": "Must not be null; leave it out."},
                metadata={"description": "What to compute; left out, everything that the model offers."},
            ),
        },
        name="PredictRequest",
    )()


def response_schema(signature: Signature) -> Schema:
    prediction = Strict.from_dict(
        {
            "prediction_id": fields.String(required=True),
            **_answer_fields(signature.outputs),
            "flags": fields.List(fields.String(validate=validate.OneOf(["not_finite", "unknown_category"]))),
            "key": fields.String(metadata={"description": "The row's key, where `row_keys` were given."}),
        },
        name="Prediction",
    )
    model = Strict.from_dict(
        {"name": fields.String(required=True), "version": fields.String(required=True)}, name="ModelName"
    )
    return Strict.from_dict(
        {
            "request_id": fields.String(required=True),
            "model": fields.Nested(model, required=True),
            "predictions": fields.List(fields.Nested(prediction), required=True),
        },
        name="PredictResponse",
    )()


class AnswerField(Described):
    """A part of an answer: one value, or an object by output name where the model has several outputs."""

    def __init__(self, parts: Mapping[str, dict[str, Any]], *, required: bool) -> None:
        super().__init__(required=required, allow_none=True)
        self.parts = parts

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return value

    def json_schema(self) -> dict[str, Any]:
        if len(self.parts) == 1:
            return next(iter(self.parts.values()))
        return _closed_object(self.parts)


def _answer_fields(outputs: Sequence[Output]) -> dict[str, AnswerField]:
    if outputs[0].task == "regression":
        return {"value": AnswerField({output.name: _NUMBER for output in outputs}, required=True)}
    if outputs[0].task == "transform":
        return {"value": AnswerField({outputs[0].name: {"type": "array", "items": _NUMBER}}, required=True)}
    parts = {"label": AnswerField({output.name: _label(output) for output in outputs}, required=True)}
    if "predict_proba" in outputs[0].methods:
        shares = {output.name: _by_label(output) for output in outputs}
        parts["probabilities"] = AnswerField(shares, required=False)
    elif "decision_function" in outputs[0].methods:
        parts["score"] = AnswerField({output.name: _score(output) for output in outputs}, required=False)
    return parts


def _label(output: Output) -> dict[str, Any]:
    return {"enum": list(output.labels)} if output.labels else {"type": ["string", "number", "boolean"]}


def _by_label(output: Output) -> dict[str, Any]:
    return _closed_object({label_text(label): _NUMBER for label in output.labels})


def _score(output: Output) -> dict[str, Any]:
    if len(output.labels) == 2:
        return _NUMBER
    return {"anyOf": [_by_label(output), {"type": "array", "items": _NUMBER}]}


def _closed_object(parts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(parts),
        "required": sorted(parts),
        "additionalProperties": False,
    }


def _key(description: str) -> fields.String:
    return fields.String(
        validate=validate.Length(1, MAX_KEY, error="Must have {min} to {max} characters."),
        error_messages={"invalid": "Must be text.", "null": "Must not be null; leave it out."},
        metadata={"description": description},
    )
