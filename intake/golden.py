"""Choosing golden rows: from the sample, else plausible ones, with the maker's answers or the model's own."""

from typing import Any

import pandas as pd
from msgspec import structs

from intake.cells import FaultyCellError, parse, plain
from intake.columns import read_clues
from intake.composition import names_inside
from intake.infer import typical
from intake.sample_columns import columns_of
from lifecycle import golden
from lifecycle.errors import ModelRefusedError, PicklefleetError
from lifecycle.golden import GoldenRows
from lifecycle.golden_choice import MOST_ROWS, Columns, choose_golden, count, spread, take
from lifecycle.model import Model, OutputAnswer
from lifecycle.signature import Feature, Label, Output
from lifecycle.verdict import Outcome

_GENERATED_ROWS = 12
_SCALES = (1.0, 0.5, 1.5, 0.9, 1.1)
_LABEL, _VALUE, _PROBABILITY = "expected_label", "expected_value", "expected_probability:"


def make_golden(model: Model, sample: pd.DataFrame | None) -> GoldenRows:
    """Up to 50 rows with their answers. Where the sample has `expected_…` columns, those are the answers.

    Raises ModelRefusedError when the model answers no row, or otherwise than its maker expects.
    """
    if sample is not None and (columns := [name for name in sample.columns if _is_expected(name)]):
        return _from_maker(model, sample[sample[columns].notna().all(axis="columns")])
    given = generated(model) if sample is None else columns_of(sample, model.signature.inputs)
    return choose_golden(model, given)


def _is_expected(name: Any) -> bool:
    return str(name) in (_LABEL, _VALUE) or str(name).startswith(_PROBABILITY)


def generated(model: Model) -> Columns:
    """Plausible rows without a sample: around what imputers and scalers know, through all categories."""
    features = model.signature.inputs
    names = names_inside(model.estimator) or model.signature.names
    texts = model.signature.layout == "texts"
    clues = {} if texts else dict(zip(names, read_clues(model.estimator, len(names)), strict=True))
    return {
        feature.name: [
            _varied(feature, typical(feature, clues.get(feature.name)), row, column)
            for row in range(_GENERATED_ROWS)
        ]
        for column, feature in enumerate(features)
    }


def _varied(feature: Feature, value: Any, row: int, column: int) -> Any:
    """Every fourth row has missing values, in other columns each time."""
    if feature.nullable and row % 4 == 3 and (row // 4 + column) % 3 == 0:
        return None
    if feature.categories:
        return feature.categories[(row + column) % len(feature.categories)]
    if feature.kind == "boolean":
        return (row + column) % 2 == 0
    return value * _SCALES[(row + column) % len(_SCALES)] if feature.kind == "number" else value


def _from_maker(model: Model, told: pd.DataFrame) -> GoldenRows:
    if len(model.signature.outputs) != 1:
        raise PicklefleetError(
            "Expected answers are read for models with one output.", fix="Take the expected_… columns out."
        )
    if told.empty:
        raise PicklefleetError("No row of the sample has all of its expected answers.", fix="Fill them in.")
    columns = columns_of(told, model.signature.inputs)
    chosen = spread(range(count(columns)), MOST_ROWS)
    answer = _expected(told.iloc[list(chosen)], model.signature.outputs[0])
    rows = GoldenRows(take(columns, chosen), len(chosen), (answer,), "maker")
    verdict = golden.replay(model, rows)
    if verdict.outcome is not Outcome.PASSED:
        raise ModelRefusedError(
            f"The model does not give its maker's answers here. {' '.join(verdict.reasons)}",
            fix="Serve it in the runtime it was made in (RUNTIME=…), or correct the expected_… columns.",
        )
    return rows


def _expected(told: pd.DataFrame, output: Output) -> OutputAnswer:
    answer = OutputAnswer()
    if _LABEL in told:
        answer = structs.replace(answer, labels=[_label(cell, output) for cell in told[_LABEL]])
    if _VALUE in told:
        answer = structs.replace(answer, values=list(_numbers(told, _VALUE)))
    if any(str(name).startswith(_PROBABILITY) for name in told.columns):
        answer = structs.replace(answer, probabilities=_probabilities(told, output))
    return answer


def _label(cell: Any, output: Output) -> Label:
    value = plain(cell)
    found = next((label for label in output.labels if value == label or str(value) == str(label)), None)
    if found is None:
        raise PicklefleetError(
            f"{_LABEL}: the model has no label {value!r}.", fix="Write labels as the model does."
        )
    return found


def _probabilities(told: pd.DataFrame, output: Output) -> list[list[float]]:
    """A column for each label; for two labels one is enough."""
    known = {
        label: _numbers(told, name) for label in output.labels if (name := f"{_PROBABILITY}{label}") in told
    }
    absent = [label for label in output.labels if label not in known]
    if len(absent) == 1 and len(output.labels) == 2:
        known[absent[0]] = [1 - share for share in next(iter(known.values()))]
    elif absent:
        raise PicklefleetError(
            f"The sample has no column {_PROBABILITY}{absent[0]}.",
            fix="Give one for each label of the model.",
        )
    return [list(shares) for shares in zip(*(known[label] for label in output.labels), strict=True)]


def _numbers(told: pd.DataFrame, name: str) -> list[float]:
    wanted = Feature(name, "number", "float64")
    try:
        return [float(parse(cell, wanted)) for cell in told[name]]
    except FaultyCellError as problem:
        raise PicklefleetError(f"The column {name} holds more than numbers.", fix="Correct it.") from problem
