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
            names = self.signature.names
            known = {0: tuple(self.request.fields), 1: names, 2: names}
            raise InvalidRequestError(*explain(problem.messages_dict, known)) from None
        keys = found.get("row_keys")
        columns = self._columns(found)
        return PredictRequest(
            rows=len(columns[self.signature.names[0]]),
            columns=columns,
            unit_id=found.get("unit_id"),
            row_keys=None if keys is None else tuple(keys),
            method=found.get("method"),
        )

    def _columns(self, found: dict[str, Any]) -> dict[str, list[Any]]:
        """A row's member, or a column, is f0…fn: a feature may have any name."""
        names = enumerate(self.signature.names)
        columns = found.get("columns")
        if columns is not None:
            return {name: columns[f"f{index}"] for index, name in names}
        return {name: [row[f"f{index}"] for row in found["instances"]] for index, name in names}
