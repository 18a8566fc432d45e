"""The answers that are the same for every model, and the problem document, as Marshmallow schemas."""

from typing import get_args

from marshmallow import Schema, fields, validate

from lifecycle.policy import ArmName
from webapp.faults import MAX_FAULTS
from webapp.schemas import Strict


class FaultSchema(Strict):
    pointer = fields.String(
        metadata={"description": "JSON pointer to the place (RFC 6901); shortened names."}
    )
    detail = fields.String(required=True)
    suggestion = fields.String()


class ProblemSchema(Schema):
    """RFC 9457; open, so that a later member breaks no client."""

    type = fields.String(required=True, metadata={"description": "Relative address of the problem's page."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FaultSchema), validate=validate.Length(max=MAX_FAULTS))
    total_errors = fields.Integer()

    class Meta:
        """Marshmallow's options."""

        unknown = "include"


class StepSchema(Strict):
    step = fields.String(required=True)
    runs = fields.String(required=True, validate=validate.OneOf(["exact", "as scikit-learn runs it"]))
    reason = fields.String()


class FastPathSchema(Strict):
    used = fields.Boolean(required=True, metadata={"description": "Whether a proven plan answers here."})
    equality = fields.String(
        validate=validate.OneOf(["bits", "1e-12"]),
        metadata={"description": "How closely the plan agreed with scikit-learn when it was proven."},
    )
    rows = fields.Integer(metadata={"description": "On how many rows."})
    step = fields.String(metadata={"description": "The step that prevents a plan."})
    reason = fields.String()
    steps = fields.List(fields.Nested(StepSchema), required=True)


class ModelSchema(Strict):
    name = fields.String(required=True)
    version = fields.String(required=True)
    digest = fields.String(required=True, metadata={"description": "sha256 of the bundle's manifest."})
    state = fields.String(
        required=True,
        validate=validate.OneOf(["serving", "shadow", "held"]),
        metadata={
            "description": "What answers predictions, what is asked too but answers nobody, or what only lies in this"
            " machine's cache."
        },
    )
    arm = fields.String(
        validate=validate.OneOf(get_args(ArmName)),
        metadata={"description": "As what the traffic policy names it; held versions have none."},
    )
    fast_path = fields.Nested(
        FastPathSchema,
        metadata={"description": "Of a version that is loaded: its way round the DataFrame."},
    )
    share = fields.Float(metadata={"description": "Of all units, 0 to 1, how many it answers."})


class ModelListSchema(Strict):
    models = fields.List(fields.Nested(ModelSchema), required=True)


class ModelContractSchema(ModelSchema):
    signature = fields.Dict(required=True, metadata={"description": "The model's stored signature."})
    row_schema = fields.Dict(required=True, metadata={"description": "JSON Schema 2020-12 of one row."})


class LiveSchema(Strict):
    status = fields.String(required=True, validate=validate.Equal("alive"))


class ServedModelSchema(Strict):
    name = fields.String(required=True)
    version = fields.String(required=True)


class ReadySchema(Strict):
    status = fields.String(required=True, validate=validate.Equal("ready"))
    model = fields.Nested(ServedModelSchema, required=True)


class AzureHealthSchema(Strict):
    ApplicationHealthState = fields.String(required=True, validate=validate.OneOf(["Healthy", "Unhealthy"]))
