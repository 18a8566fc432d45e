"""Values as the log and the base set hold them → plain values in the signature's terms, and true values."""

import math
from collections.abc import Sequence
from typing import Any

import orjson

from lifecycle.prediction_log.records import actual_text
from lifecycle.reference.labelled import Truth
from lifecycle.signature import Feature, Output, Signature


def plain_values(feature: Feature, recorded: Sequence[Any]) -> list[Any]:
    """What a request would carry: whole numbers and booleans with gaps come back from floats, gaps are None."""
    if feature.kind == "category" and not all(isinstance(one, str) for one in feature.categories):
        known = {actual_text(one): one for one in feature.categories}
        return [known.get(value, value) if isinstance(value, str) else _plain(value) for value in recorded]
    values = [_plain(value) for value in recorded]
    if feature.kind == "integer":
        return [None if value is None else int(value) for value in values]
    if feature.kind == "boolean":
        return [None if value is None else bool(value) for value in values]
    return values


def true_values(
    signature: Signature, actual: Sequence[str | None], number: Sequence[float | None]
) -> tuple[Truth, ...]:
    """By output. What is none of an output's labels, or no number, counts as not known."""
    if len(signature.outputs) > 1:
        objects = [{} if text is None else orjson.loads(text) for text in actual]
        return tuple(_of_member(output, objects) for output in signature.outputs)
    output = signature.outputs[0]
    if output.task == "regression":
        return ([_plain(value) for value in number],)
    known = {actual_text(label): label for label in output.labels}
    return ([None if text is None else known.get(text) for text in actual],)


def _of_member(output: Output, objects: Sequence[dict[str, Any]]) -> Truth:
    given = [one.get(output.name) for one in objects]
    if output.task == "regression":
        return [float(value) if isinstance(value, int | float) else None for value in given]
    known = {actual_text(label): label for label in output.labels}
    return [None if value is None else known.get(actual_text(value)) for value in given]


def _plain(value: Any) -> Any:
    """Without numpy's types; NaN is a gap."""
    found = value.item() if hasattr(value, "item") else value
    return None if isinstance(found, float) and math.isnan(found) else found
