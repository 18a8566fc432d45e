"""What one model takes and answers over HTTP: its schemas, built once, and the reading of a request."""

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError

from lifecycle.signature import Signature
from webapp.decoder import Decoder, RefusedError
from webapp.explanation import explain
from webapp.faults import Fault
from webapp.schemas import PredictRequest, request_schema, response_schema, row_schema
from webapp.strict_json import parse


class InvalidRequestError(Exception):
    """A body that is JSON but not what the model takes. `faults` are the first hundred of `total`."""

    def __init__(self, faults: list[Fault], total: int) -> None:
        super().__init__(f"{total} faults")
        self.faults = tuple(faults)
        self.total = total


@dataclass(frozen=True, slots=True)
class Contract:
    signature: Signature
    row: Schema
    request: Schema
    response: Schema
    decoder: Decoder

    @classmethod
    def of(cls, signature: Signature, max_rows: int) -> "Contract":
        return cls(
            signature,
            row_schema(signature),
            request_schema(signature, max_rows),
            response_schema(signature),
            Decoder.of(signature, max_rows),
        )

    def read_body(self, body: bytes, max_depth: int) -> PredictRequest:
        """By the decoder where it accepts the body; else read in full. Raises what `parse` and `read` do."""
        try:
            return self.decoder.read(body)
        except RefusedError:
            return self.read(parse(body, max_depth))

    def read(self, document: Any) -> PredictRequest:
        """Raises InvalidRequestError with every fault that the schemas find."""
        try:
            found: dict[str, Any] = self.request.load(document)
        except ValidationError as problem:
            known = {0: tuple(self.request.fields), 2: self.signature.names}
            raise InvalidRequestError(*explain(problem.messages_dict, known)) from None
        rows = found["instances"]
        keys = found.get("row_keys")
        return PredictRequest(
            rows=len(rows),
            columns={name: [row[f"f{i}"] for row in rows] for i, name in enumerate(self.signature.names)},
            unit_id=found.get("unit_id"),
            row_keys=None if keys is None else tuple(keys),
            method=found.get("method"),
        )
