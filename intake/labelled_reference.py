"""The labelled reference: true values, days and the hold-out fold out of a file, or a clear refusal."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from intake.cells import FaultyCellError, parse, plain
from intake.register import Request
from intake.sample_columns import columns_of, require_columns
from lifecycle.errors import ModelRefusedError
from lifecycle.profile.values import category_text
from lifecycle.reference.labelled import HOLDOUT, LabelledReference, Truth
from lifecycle.signature import Feature, Label, Output, Signature

MIN_ROWS = 2000
MIN_HOLDOUT = 200


def features_only(table: pd.DataFrame, request: Request) -> pd.DataFrame:
    """The reference without what is no feature: it serves as the sample where none is given."""
    others = {*request.target, request.time, request.fold}
    return table[[name for name in table.columns if name not in others]]


def labelled_reference(table: pd.DataFrame, signature: Signature, request: Request) -> LabelledReference:
    """Raises ModelRefusedError with the reason and the way out."""
    _check(table, signature, request)
    reference = LabelledReference(
        columns_of(table, signature.inputs),
        tuple(
            _truth(table[column].tolist(), output, column)
            for column, output in zip(request.target, signature.outputs, strict=True)
        ),
        len(table),
        None if request.time is None else _moments(table[request.time].tolist(), request.time),
        None if request.fold is None else [_text(cell) for cell in table[request.fold].tolist()],
    )
    _check_enough(reference, request)
    return reference


def with_positive(signature: Signature, reference: LabelledReference) -> Signature:
    """Of two labels the rarer is the positive one, unless a person named it."""
    outputs = (
        _marked(output, truth) for output, truth in zip(signature.outputs, reference.truths, strict=True)
    )
    return replace(signature, outputs=tuple(outputs))


def _marked(output: Output, truth: Truth) -> Output:
    if len(output.labels) != 2 or output.positive is not None:
        return output
    counted = Counter(value for value in truth if value is not None)
    first, second = output.labels
    return replace(output, positive=first if counted[first] < counted[second] else second)


def _check(table: pd.DataFrame, signature: Signature, request: Request) -> None:
    if len(table) < MIN_ROWS:
        raise ModelRefusedError(
            f"The reference has {len(table):,} rows; at least {MIN_ROWS:,} are needed.",
            fix="Give more rows like those the model was trained on, or leave --reference out.",
        )
    if signature.outputs[0].task == "transform":
        raise ModelRefusedError(
            "A transformer has no true values to compare with.", fix="Leave --reference out."
        )
    outputs = [output.name for output in signature.outputs]
    if len(request.target) != len(outputs):
        raise ModelRefusedError(
            f"The model has {len(outputs)} outputs ({', '.join(outputs)}); --target names {len(request.target)} columns.",
            fix="Give --target with one column of true values for each output, in that order.",
        )
    require_columns(table, [name for name in (*request.target, request.time, request.fold) if name])


def _check_enough(reference: LabelledReference, request: Request) -> None:
    labelled = reference.labelled
    if labelled.sum() < MIN_ROWS:
        raise ModelRefusedError(
            f"Only {labelled.sum():,} rows of the reference have a true value; at least {MIN_ROWS:,} are needed.",
            fix=f"Fill in {', '.join(request.target)}, or give more rows.",
        )
    if reference.holdout is not None and (kept := int((labelled & reference.holdout).sum())) < MIN_HOLDOUT:
        raise ModelRefusedError(
            f"{kept:,} labelled rows have {HOLDOUT!r} in {request.fold}; at least {MIN_HOLDOUT} are needed.",
            fix=f"Write {HOLDOUT} in that column for rows that the model was not trained on, or leave --fold out.",
        )


def _truth(cells: Sequence[Any], output: Output, column: str) -> Truth:
    known: dict[str, Label] = {_folded(label): label for label in output.labels}
    values: Truth = []
    for row, cell in enumerate(cells, start=1):
        value = plain(cell)
        try:
            values.append(None if value is None else _true_value(value, output, known))
        except (FaultyCellError, KeyError) as problem:
            expected = f"one of {', '.join(map(str, output.labels))}" if known else "a number"
            raise ModelRefusedError(
                f"Row {row} of the reference has {str(cell)[:100]!r} in {column}; expected {expected}.",
                fix="Write true values as the model answers them; leave the field empty where none is known.",
            ) from problem
    return values


def _true_value(value: Any, output: Output, known: dict[str, Label]) -> Label:
    number = Feature(output.name, "number", "float64")
    if output.task == "regression":
        return float(parse(value, number))
    found = known.get(_folded(value))
    return known[_folded(float(parse(value, number)))] if found is None else found


def _folded(label: Any) -> str:
    """A CSV's True and 1.0 stand for the labels true and 1."""
    text = category_text(label)
    return text.lower() if text.lower() in {"true", "false"} else text


def _moments(cells: Sequence[Any], column: str) -> list[int]:
    moments = []
    for row, cell in enumerate(cells, start=1):
        moment = _moment(plain(cell))
        if moment is None:
            raise ModelRefusedError(
                f"Row {row} of the reference has {str(cell)[:100]!r} in {column}; expected a time.",
                fix="Write times such as 2026-01-31T08:00:00Z (UTC where no zone is given).",
            )
        moments.append(round(moment.timestamp() * 1000))
    return moments


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(cell: Any) -> str | None:
    value = plain(cell)
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)
