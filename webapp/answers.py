"""Predictions, which are columns, → the answer's rows, which are objects (definitions, section 2)."""

from collections.abc import Iterator, Sequence
from typing import Any

from lifecycle.model import OutputAnswer, Predictions
from lifecycle.prediction import row_id
from lifecycle.signature import Output, Signature, label_text


def answer_rows(
    signature: Signature, predictions: Predictions, base_id: str, row_keys: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """One object a row, in order. NaN and infinity stay as they are: orjson writes them as null."""
    parts = _parts(signature.outputs, predictions.answers)
    members = ("prediction_id", *parts)
    ids = [row_id(base_id, index) for index in range(len(predictions.flags))]
    rows = [dict(zip(members, values, strict=True)) for values in zip(ids, *parts.values(), strict=True)]
    for index, flags in enumerate(predictions.flags) if any(predictions.flags) else ():
        if flags:
            rows[index]["flags"] = list(flags)
    for row, key in zip(rows, row_keys, strict=True) if row_keys is not None else ():
        row["key"] = key
    return rows


def _parts(outputs: Sequence[Output], answers: Sequence[OutputAnswer]) -> dict[str, list[Any]]:
    by_output = [_output_parts(output, answer) for output, answer in zip(outputs, answers, strict=True)]
    if len(outputs) == 1:
        return by_output[0]
    names = [output.name for output in outputs]
    return {
        part: [
            dict(zip(names, values, strict=True))
            for values in zip(*(each[part] for each in by_output), strict=True)
        ]
        for part in by_output[0]
    }


def _output_parts(output: Output, answer: OutputAnswer) -> dict[str, list[Any]]:
    names = [label_text(label) for label in output.labels]
    parts: dict[str, list[Any] | None] = {
        "label": answer.labels,
        "probabilities": _named(names, answer.probabilities),
        "score": _named(names, answer.scores),
        "value": answer.values,
    }
    return {part: values for part, values in parts.items() if values is not None}


def _named(names: Sequence[str], table: Sequence[Any] | None) -> list[Any] | None:
    return None if table is None else list(_named_rows(names, table))


def _named_rows(names: Sequence[str], table: Sequence[Any]) -> Iterator[Any]:
    """One number a row stays a number; k become an object; one-against-one scores, more than k, stay a list."""
    for row in table:
        matches = isinstance(row, list) and len(row) == len(names)
        yield dict(zip(names, row, strict=True)) if matches else row
