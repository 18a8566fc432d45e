"""A model that answers: columns in, predictions out. The estimator is the truth."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lifecycle.errors import ModelFailureError
from lifecycle.frame import Columns, estimator_input
from lifecycle.signature import Feature, Label, Method, Output, Signature

Flag = Literal["not_finite", "unknown_category"]
Array = npt.NDArray[Any]
Numbers = list[float | list[float]]  # a number a row, or a list of them


@dataclass(frozen=True, slots=True)
class OutputAnswer:
    """One output for n rows; what the output does not have is None.

    `labels`: n labels with their JSON types. `probabilities`: n lists of k floats, k as the output's labels.
    `scores`: n floats for two classes, else n lists of k. `values`: n floats (a transform: n lists).
    """

    labels: list[Label] | None = None
    probabilities: list[list[float]] | None = None
    scores: Numbers | None = None
    values: Numbers | None = None

    def __len__(self) -> int:
        return next(len(part) for part in (self.labels, self.values) if part is not None)


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers by output, in the signature's order, and for each row the flags that were raised."""

    answers: tuple[OutputAnswer, ...]
    flags: tuple[tuple[Flag, ...], ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded, verified model version. `name`, `version` and `digest` are what every answer states."""

    name: str
    version: str
    digest: str
    signature: Signature
    estimator: Any

    def predict(self, columns: Columns, rows: int, method: Method | None = None) -> Predictions:
        """Answer `rows` rows, given as feature name → list of plain values (None is missing).

        `method` "predict" leaves the probabilities out; None and all others answer as the signature says.
        Raises ModelFailureError when the model raises or answers another number of rows.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frame = estimator_input(self.signature, columns)
                answers = _answers(self.estimator, self.signature, frame, method)
        except Exception as problem:
            raise ModelFailureError(f"The model failed: {type(problem).__name__}.") from problem
        if any(len(answer) != rows for answer in answers):
            raise ModelFailureError("The model answered another number of rows than it was asked.")
        return Predictions(answers, _flags(self.signature, columns, answers, rows))


def _answers(
    estimator: Any, signature: Signature, frame: Any, method: Method | None
) -> tuple[OutputAnswer, ...]:
    outputs = signature.outputs
    if outputs[0].task == "transform":
        return (OutputAnswer(values=_dense(estimator.transform(frame)).tolist()),)
    predicted = np.asarray(estimator.predict(frame))
    if outputs[0].task == "regression":
        return _regressions(predicted, outputs)
    return tuple(_classifications(estimator, outputs, frame, predicted, method))


def _regressions(predicted: Array, outputs: tuple[Output, ...]) -> tuple[OutputAnswer, ...]:
    table = predicted.astype(np.float64).reshape(len(predicted), len(outputs))
    return tuple(OutputAnswer(values=table[:, index].tolist()) for index in range(len(outputs)))


def _classifications(
    estimator: Any, outputs: tuple[Output, ...], frame: Any, predicted: Array, method: Method | None
) -> Iterator[OutputAnswer]:
    labels = predicted.reshape(len(predicted), len(outputs))
    offered = () if method == "predict" else outputs[0].methods
    probabilities = _probabilities(estimator, outputs, frame) if "predict_proba" in offered else None
    scores = None
    if probabilities is None and "decision_function" in offered:
        scores = np.asarray(estimator.decision_function(frame), dtype=np.float64).tolist()
    for index, output in enumerate(outputs):
        shares = None if probabilities is None else probabilities[index]
        chosen = _labels(labels[:, index], shares, output)
        yield OutputAnswer(chosen, None if shares is None else shares.tolist(), scores)


def _probabilities(estimator: Any, outputs: tuple[Output, ...], frame: Any) -> list[Array]:
    """One n-by-k array an output. scikit-learn answers a list for most multi-output classifiers, and for
    multi-label ones a single n-by-outputs array of the positive share.
    """
    answered = estimator.predict_proba(frame)
    if isinstance(answered, list):
        return [np.asarray(part, dtype=np.float64) for part in answered]
    shares = np.asarray(answered, dtype=np.float64)
    if len(outputs) == 1:
        return [shares]
    return [np.column_stack([1 - shares[:, index], shares[:, index]]) for index in range(len(outputs))]


def _labels(predicted: Array, shares: Array | None, output: Output) -> list[Label]:
    """Labels as the signature types them: several outputs in one array may have lost their own types."""
    if output.threshold is None or shares is None or output.positive is None:
        typed: dict[Label, Label] = {label: label for label in output.labels}
        return [typed.get(label, label) for label in map(plain_label, predicted.tolist())]
    positive = output.labels.index(output.positive)
    other = next(label for label in output.labels if label != output.positive)
    return [output.positive if share >= output.threshold else other for share in shares[:, positive]]


def plain_label(label: Any) -> Label:
    """A numpy or Python label → its JSON type."""
    value = label.item() if isinstance(label, np.generic) else label
    return value if isinstance(value, str | int | float | bool) else str(value)


def _dense(table: Any) -> Array:
    dense = table.toarray() if hasattr(table, "toarray") else table
    return np.asarray(dense, dtype=np.float64)


def _flags(
    signature: Signature, columns: Columns, answers: tuple[OutputAnswer, ...], rows: int
) -> tuple[tuple[Flag, ...], ...]:
    raised: list[list[Flag]] = [[] for _ in range(rows)]
    for row in sorted({row for answer in answers for row in _not_finite_rows(answer)}):
        raised[row].append("not_finite")
    for row in sorted({row for feature in signature.inputs for row in _unknown_rows(feature, columns)}):
        raised[row].append("unknown_category")
    return tuple(tuple(flags) for flags in raised)


def _not_finite_rows(answer: OutputAnswer) -> Iterator[int]:
    for part in (answer.probabilities, answer.scores, answer.values):
        if part is not None and len(part):
            finite = np.isfinite(np.asarray(part, dtype=np.float64).reshape(len(part), -1)).all(axis=1)
            yield from np.flatnonzero(~finite).tolist()


def _unknown_rows(feature: Feature, columns: Columns) -> Iterator[int]:
    if feature.kind != "category" or not feature.categories:
        return
    known = frozenset(feature.categories)
    for row, value in enumerate(columns[feature.name]):
        if value is not None and value not in known:
            yield row
