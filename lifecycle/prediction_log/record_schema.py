"""Which typed columns the records of a signature have. A spool's header carries it: the agent needs no bundle.

Case matters in feature names and not in SQL's: where two names differ by case alone, the later one is numbered.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import msgspec

from lifecycle.errors import PicklefleetError
from lifecycle.signature import Feature, Output, Signature, label_text

FORMAT = 1

Kind = Literal["prediction", "feedback"]
SqlType = Literal["DOUBLE", "BIGINT", "BOOLEAN", "VARCHAR", "DOUBLE[]"]

_INPUT_TYPES: dict[str, SqlType] = {"number": "DOUBLE", "integer": "BIGINT", "boolean": "BOOLEAN"}
_LABEL_TYPES: dict[type, SqlType] = {str: "VARCHAR", bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}


class CorruptRecordsError(PicklefleetError):
    """A spool or segment whose header is not one that this release can read."""


@dataclass(frozen=True, slots=True)
class Column:
    """`part` is the event's member that holds the values of all rows; `position` (from 1) picks out of a list."""

    name: str
    type: SqlType
    part: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class RecordSchema:
    kind: Kind
    columns: tuple[Column, ...] = ()
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(asdict(self), order="sorted")

    @property
    def digest(self) -> str:
        return hashlib.blake2b(self.to_bytes(), digest_size=8).hexdigest()


def schema_from_bytes(data: bytes) -> RecordSchema:
    """Raises CorruptRecordsError for anything but a header that this release can read."""
    try:
        schema = msgspec.json.decode(data, type=RecordSchema)
    except msgspec.MsgspecError as problem:
        raise CorruptRecordsError(f"A spool's header can't be read: {problem}.") from problem
    if schema.format != FORMAT:
        raise CorruptRecordsError(
            f"A spool has format {schema.format}; this release reads format {FORMAT}.",
            fix="Let the release that wrote it ship it: picklefleet agent --once.",
        )
    return schema


FEEDBACK = RecordSchema("feedback")


def prediction_schema(signature: Signature) -> RecordSchema:
    """Inputs first (dropped ones have no column), then label, probabilities, score and value by output."""
    columns = [*_inputs(signature.inputs), *_outputs(signature.outputs)]
    return RecordSchema("prediction", tuple(_distinct(columns)))


def input_columns(signature: Signature) -> dict[str, str]:
    """Feature name → column name, for the features that are recorded."""
    columns = {column.part: column.name for column in prediction_schema(signature).columns}
    parts = {feature.name: input_part(index) for index, feature in enumerate(signature.inputs)}
    return {name: columns[part] for name, part in parts.items() if part in columns}


def input_part(index: int) -> str:
    """The event's member for the signature's input at `index` (from 0)."""
    return f"c{index}"


def _inputs(features: tuple[Feature, ...]) -> Iterator[Column]:
    for index, feature in enumerate(features):
        if feature.privacy != "drop":
            yield Column(f"in_{feature.name}", _input_type(feature), input_part(index))


def _input_type(feature: Feature) -> SqlType:
    numeric = feature.kind in {"number", "integer"}
    if feature.privacy == "hash" or (feature.privacy == "bucket" and not numeric):
        return "VARCHAR"
    if feature.kind == "category" and feature.categories:
        return _label_type(feature.categories)
    return _INPUT_TYPES.get(feature.kind, "VARCHAR")


def _outputs(outputs: tuple[Output, ...]) -> Iterator[Column]:
    for index, output in enumerate(outputs):
        suffix = f"_{output.name}" if len(outputs) > 1 else ""
        yield Column(f"label{suffix}", _label_type(output.labels), f"label{index}")
        for position, label in enumerate(output.labels, start=1):
            yield Column(f"p{suffix}_{label_text(label)}", "DOUBLE", f"p{index}", position)
        yield Column(f"score{suffix}", "DOUBLE" if len(output.labels) == 2 else "DOUBLE[]", f"score{index}")
        yield Column(
            f"value{suffix}", "DOUBLE[]" if output.task == "transform" else "DOUBLE", f"value{index}"
        )


def _label_type(labels: Iterable[Any]) -> SqlType:
    types = {type(label) for label in labels}
    return _LABEL_TYPES.get(next(iter(types)), "VARCHAR") if len(types) == 1 else "VARCHAR"


def _distinct(columns: Iterable[Column]) -> Iterator[Column]:
    seen: set[str] = set()
    for index, column in enumerate(columns):
        name = column.name if column.name.casefold() not in seen else f"{column.name}~{index}"
        seen.add(name.casefold())
        yield Column(name, column.type, column.part, column.position)
