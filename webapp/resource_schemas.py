"""The answers that are the same for every model, and the problem document, as Marshmallow schemas."""

from typing import get_args

from marshmallow import Schema, fields, validate

from lifecycle.policy import ArmName
from webapp.faults import MAX_FAULTS
from webapp.strict_schema import Strict


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


def _count(description: str) -> fields.Integer:
    return fields.Integer(required=True, metadata={"description": description})


class RequestLimitsSchema(Strict):
    body_bytes = _count("Of one request's body.")
    rows = _count("In one prediction request.")
    feedback_items = _count("In one feedback request.")
    depth = _count("How deeply the body may be nested.")
    uri_characters = _count("Path and query.")
    headers = _count("Their number.")
    header_bytes = _count("Of one header.")
    deadline_s = fields.Float(
        required=True, metadata={"description": "For the body to arrive, and for the whole answer."}
    )


class KeyShareSchema(Strict):
    requests_per_s = fields.Float(required=True, metadata={"description": "In the long run."})
    burst = _count("At once, after a silence.")


class KeyLimitSchema(Strict):
    requests_per_s = _count("Of one API key in the long run, over all machines.")
    burst = _count("At once, after a silence, over all machines.")
    machines = _count("How many share these two evenly, none knowing of the others.")
    here = fields.Nested(KeyShareSchema, required=True, metadata={"description": "What this machine grants."})


class AddressLimitsSchema(Strict):
    connections = _count("Open at once, idle ones too.")
    requests_in_10_s = _count("In any ten seconds.")


class MachineLimitsSchema(Strict):
    at_work = _count("Requests that are worked on at once, for each colour.")
    waiting = _count("Requests that may wait; more are answered 503 at once.")
    connections = _count("Open at once.")


class EdgeLimitsSchema(Strict):
    key = fields.Nested(KeyLimitSchema, required=True, allow_none=True)
    address = fields.Nested(AddressLimitsSchema, required=True)
    machine = fields.Nested(MachineLimitsSchema, required=True)


class LimitsSchema(Strict):
    request = fields.Nested(RequestLimitsSchema, required=True)
    edge = fields.Nested(
        EdgeLimitsSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Of the edge proxy, each for one machine; null where none stands in front."},
    )


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
