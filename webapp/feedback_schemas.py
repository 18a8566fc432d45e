"""The shape of feedback, the same for every model. What a value means is judged item by item in `feedback`."""

from typing import Any

from marshmallow import fields, validate

from lifecycle.signature import Output
from webapp.resource_schemas import FaultSchema
from webapp.strict_schema import Strict

MAX_ITEMS = 10_000

_TEXT: dict[str, Any] = {"invalid": "Must be text.", "required": "Is missing.", "null": "Must not be null."}


class FeedbackItemSchema(Strict):
    prediction_id = fields.String(
        required=True, error_messages=_TEXT, metadata={"description": "As the prediction's answer has it."}
    )
    actual = fields.Raw(
        required=True,
        allow_none=True,
        error_messages=_TEXT,
        metadata={
            "description": "The true value: one of the model's labels with its JSON type, or a finite number;"
            " an object by output name where the model has several outputs."
        },
    )
    observed_at = fields.String(
        allow_none=True,
        error_messages=_TEXT,
        metadata={"description": "When it became known: RFC 3339, such as 2013-01-31T08:15:00Z."},
    )


class FeedbackRequestSchema(Strict):
    items = fields.List(
        fields.Nested(FeedbackItemSchema),
        required=True,
        validate=validate.Length(1, MAX_ITEMS, error=f"Must have 1 to {MAX_ITEMS:,} items."),
        error_messages={**_TEXT, "invalid": "Must be an array of items."},
    )


class ItemResultSchema(Strict):
    status = fields.String(required=True, validate=validate.OneOf(["accepted", "refused"]))
    errors = fields.List(fields.Nested(FaultSchema), metadata={"description": "Why it was refused."})


class FeedbackResponseSchema(Strict):
    request_id = fields.String(required=True)
    accepted = fields.Integer(required=True, validate=validate.Range(min=0))
    refused = fields.Integer(required=True, validate=validate.Range(min=0))
    results = fields.List(
        fields.Nested(ItemResultSchema),
        required=True,
        metadata={"description": "One for each item, in the order of the request."},
    )


def example_actual(outputs: tuple[Output, ...]) -> Any:
    """A true value as it would be sent."""
    values = {output.name: next(iter(output.labels), 1.5) for output in outputs}
    return values if len(outputs) > 1 else next(iter(values.values()))
