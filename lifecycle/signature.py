"""What a model accepts and returns. Shapes: a signature has one or more inputs and one or more outputs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import msgspec

from lifecycle.errors import CorruptBundleError

FORMAT = 1

Kind = Literal["number", "integer", "boolean", "category", "text", "datetime"]
Missing = Literal["nan", "none"]
Unknown = Literal["accept", "refuse"]
Privacy = Literal["keep", "hash", "bucket", "drop"]
Task = Literal["classification", "regression", "transform"]
Method = Literal["predict", "predict_proba", "decision_function", "transform"]
Layout = Literal["frame", "matrix", "texts"]
Label = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Feature:
    """One input column.

    `dtype` is the pandas/numpy dtype the estimator was fitted on. `missing` is what a JSON null becomes:
    the very value that the fitted encoder or imputer knows. `unknown` says what happens to a category
    outside `categories`: accepted as the model does, or refused at the door.
    """

    name: str
    kind: Kind
    dtype: str
    nullable: bool = True
    missing: Missing = "nan"
    categories: tuple[Label, ...] = ()
    unknown: Unknown = "accept"
    privacy: Privacy = "keep"
    inferred_from: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """One thing the model answers. `labels` are in the estimator's own order (`classes_`), with their types.

    `methods` are what the estimator offers for it, the default first. `threshold` is set where a registered
    threshold on the positive label's probability replaces the estimator's own choice.
    """

    name: str
    task: Task
    labels: tuple[Label, ...] = ()
    positive: Label | None = None
    methods: tuple[Method, ...] = ("predict",)
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """`named`: rows are objects by feature name; else plain arrays are taken too, as x0…xn.

    `layout` is how the estimator wants its rows: a DataFrame, a two-dimensional array, or a list of texts.
    """

    inputs: tuple[Feature, ...]
    outputs: tuple[Output, ...]
    named: bool = True
    layout: Layout = "frame"
    format: int = field(default=FORMAT)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.inputs)

    def to_document(self) -> dict[str, Any]:
        return asdict(self)


def from_document(document: Mapping[str, Any]) -> Signature:
    """Read a stored signature; unknown fields are ignored. Raises CorruptBundleError for any other shape."""
    if document.get("format") != FORMAT:
        raise CorruptBundleError(
            f"The signature has format {document.get('format')!r}; this version reads format {FORMAT}.",
            fix="Register the model again, or use the release that wrote it.",
        )
    try:
        return msgspec.convert(document, Signature)
    except msgspec.ValidationError as problem:
        raise CorruptBundleError(f"The signature can't be read: {problem}.") from problem


def positional_names(count: int) -> tuple[str, ...]:
    """The names of a model that knows none: x0, x1, …"""
    return tuple(f"x{index}" for index in range(count))


def label_text(label: Label) -> str:
    """A label as text, the name of a JSON member or of a column: true and 1 as JSON writes them."""
    if isinstance(label, bool):
        return "true" if label else "false"
    return str(label)
