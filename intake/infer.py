"""The signature of a fitted model: read from the object, completed by a sample, settled by asking the model."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer

from intake.cells import guess_kind, plain
from intake.clues import Clue
from intake.columns import read_clues
from intake.composition import VECTORISERS, entrance, names_inside, tells_nothing, width_of
from intake.outputs import Wishes, find_outputs
from intake.probe import Probe, Row, settled
from intake.sample_columns import columns_of, names_from_sample, require_columns
from intake.unwrap import Handed
from lifecycle.errors import ModelRefusedError
from lifecycle.frame import estimator_input
from lifecycle.signature import Feature, Kind, Layout, Signature, positional_names

DTYPES: dict[Kind, str] = {
    "number": "float64",
    "integer": "int64",
    "boolean": "bool",
    "category": "object",
    "text": "object",
    "datetime": "datetime64[ns]",
}
_TRIED_ROWS = 20
_PLAUSIBLE = 1.0


def infer_signature(handed: Handed, sample: pd.DataFrame | None, wishes: Wishes) -> Signature:
    """What the model accepts and returns. `sample`: rows as `read_table` gives them.

    Raises ModelRefusedError when the model answers no plausible row, PicklefleetError for a sample that
    does not fit the model.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draft, clues = _draft(handed, sample)
        signature, row = _needed(handed.estimator, *_answered(handed.estimator, draft, clues, sample))
        rows = estimator_input(signature, {name: [value] for name, value in row.items()})
        signature = replace(signature, outputs=find_outputs(handed.estimator, rows, wishes))
        return settled(Probe(handed.estimator, signature, row))


def _draft(handed: Handed, sample: pd.DataFrame | None) -> tuple[Signature, dict[str, Clue]]:
    """Everything but outputs and what the model does about missing and unknown values."""
    estimator = handed.estimator
    if isinstance(entrance(estimator), VECTORISERS):
        name = _text_name(handed, sample)
        clue = Clue("text", source="vectoriser")
        return _signature([Feature(name, "text", "object", inferred_from=clue.source)], "texts"), {name: clue}
    opaque = sample is not None and tells_nothing(entrance(estimator))
    fitted_names = None if opaque else names_inside(estimator)
    names = fitted_names or _names_beside(handed, sample)
    found = dict(zip(names, read_clues(estimator, len(names)), strict=True))
    clues = {name: clue for name, clue in found.items() if clue.used or not _drops_by_name(estimator)}
    if sample is not None:
        require_columns(sample, list(clues))
    features = [_feature(name, clue, sample) for name, clue in clues.items()]
    named = bool(fitted_names or handed.feature_names or sample is not None)
    return _signature(features, "frame" if fitted_names else "matrix", named), clues


def _signature(features: Sequence[Feature], layout: Layout, named: bool = True) -> Signature:
    return Signature(tuple(features), (), named, layout)


def _text_name(handed: Handed, sample: pd.DataFrame | None) -> str:
    names = handed.feature_names or (() if sample is None else names_from_sample(sample, None))
    return names[0] if len(names) == 1 else "text"


def _names_beside(handed: Handed, sample: pd.DataFrame | None) -> tuple[str, ...]:
    """Names for a model that was fitted without: from its bundle, else the sample, else x0, x1, …"""
    width = width_of(handed.estimator)
    if handed.feature_names is not None:
        _require_as_many(handed.feature_names, width)
        return handed.feature_names
    if sample is not None:
        return names_from_sample(sample, width)
    if width is None:
        raise ModelRefusedError(
            f"{type(handed.estimator).__name__} does not tell which columns it takes.",
            fix="Give --sample data.csv with a few rows as the model was trained on.",
        )
    return positional_names(width)


def _require_as_many(names: Sequence[str], width: int | None) -> None:
    if width is not None and len(names) != width:
        raise ModelRefusedError(
            f"The feature names beside the model are {len(names)}; the model takes {width} columns.",
            fix="Save the names of exactly the columns that the model was fitted on.",
        )


def _drops_by_name(estimator: Any) -> bool:
    """A ColumnTransformer at the entrance, fitted on names, does without the columns that it drops."""
    return isinstance(entrance(estimator), ColumnTransformer) and names_inside(estimator) is not None


def _feature(name: str, clue: Clue, sample: pd.DataFrame | None) -> Feature:
    cells = [] if sample is None else sample[name].tolist()
    kind, source = _kind(clue, guess_kind(cells))
    categories = clue.categories
    if kind == "category" and not categories:
        categories = tuple(sorted({str(value) for cell in cells if (value := plain(cell)) is not None}))
        source = "sample" if categories else source
    return Feature(
        name,
        kind,
        _moment_dtype(cells) if kind == "datetime" else DTYPES[kind],
        missing=clue.missing or "nan",
        categories=categories,
        inferred_from=source,
    )


def _kind(clue: Clue, seen: Kind | None) -> tuple[Kind, str]:
    """Integers and booleans look like numbers to a model; only a sample knows them."""
    if clue.kind is None:
        return (seen, "sample") if seen else ("number", clue.source)
    if clue.kind == "number" and seen in {"integer", "boolean"}:
        return seen, "sample"
    return clue.kind, clue.source


def _moment_dtype(cells: Sequence[Any]) -> str:
    zoned = any(text[-1] == "Z" or "+" in text[10:] for cell in cells if (text := str(plain(cell) or "")))
    return "datetime64[ns, UTC]" if zoned else "datetime64[ns]"


def _answered(
    estimator: Any, draft: Signature, clues: dict[str, Clue], sample: pd.DataFrame | None
) -> tuple[Signature, Row]:
    """The first reading of the draft under which the model answers a row, and that row."""
    for signature in _readings(draft):
        for row in _rows(signature, clues, sample):
            if _runs(estimator, signature, row):
                return signature, row
    what = "any row of the sample" if sample is not None else "a plausible row"
    raise ModelRefusedError(
        f"The model does not answer {what}: {_failure(estimator, draft, clues, sample)}.",
        fix="Give --sample data.csv with a few rows as the model was trained on, before any preprocessing.",
    )


def _needed(estimator: Any, signature: Signature, row: Row) -> tuple[Signature, Row]:
    """Without the columns of the sample (an id, the target) that a step that tells nothing never looks at."""
    if not tells_nothing(entrance(estimator)) or signature.layout != "frame":
        return signature, row
    for feature in signature.inputs:
        fewer = replace(signature, inputs=tuple(kept for kept in signature.inputs if kept != feature))
        if fewer.inputs and _runs(estimator, fewer, row):
            signature = fewer
    return signature, {name: row[name] for name in signature.names}


def _readings(draft: Signature) -> Iterator[Signature]:
    """Dates may have been trained on as moments or as texts; and names as a table or as bare columns."""
    yield draft
    if any(feature.kind == "datetime" for feature in draft.inputs):
        texts = (
            replace(feature, kind="text", dtype="object") if feature.kind == "datetime" else feature
            for feature in draft.inputs
        )
        yield replace(draft, inputs=tuple(texts))
    if draft.layout == "matrix":
        yield replace(draft, layout="frame")


def _rows(signature: Signature, clues: dict[str, Clue], sample: pd.DataFrame | None) -> Iterator[Row]:
    if sample is None:
        yield {feature.name: typical(feature, clues.get(feature.name)) for feature in signature.inputs}
        return
    columns = columns_of(sample.head(_TRIED_ROWS), signature.inputs)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    yield from sorted(rows, key=lambda row: sum(value is None for value in row.values()))


def typical(feature: Feature, clue: Clue | None) -> Any:
    """A value that the model may well have seen."""
    if feature.kind == "category":
        return feature.categories[0] if feature.categories else "typical"
    if feature.kind == "text":
        return "a typical text"
    if feature.kind == "boolean":
        return True
    return _PLAUSIBLE if clue is None or clue.typical is None else clue.typical


def _method(estimator: Any) -> Any:
    return estimator.predict if hasattr(estimator, "predict") else estimator.transform


def _runs(estimator: Any, signature: Signature, row: Row) -> bool:
    return _failure_of(estimator, signature, row) is None


def _failure_of(estimator: Any, signature: Signature, row: Row) -> Exception | None:
    try:
        _method(estimator)(estimator_input(signature, {name: [value] for name, value in row.items()}))
    except Exception as problem:  # noqa: BLE001 - a foreign model may raise anything
        return problem
    return None


def _failure(estimator: Any, draft: Signature, clues: dict[str, Clue], sample: pd.DataFrame | None) -> str:
    problem = _failure_of(estimator, draft, next(_rows(draft, clues, sample)))
    first_line = (str(problem).splitlines() or [""])[0]
    return f"{type(problem).__name__}: {first_line[:200]}".rstrip(".")
