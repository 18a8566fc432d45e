"""A model that answers: columns in, predictions out. The estimator is the truth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from lifecycle.compiled.fast_path import FastPath
from lifecycle.errors import ModelFailureError
from lifecycle.frame import Columns
from lifecycle.raw_answer import RawAnswer, ask_for_columns, methods_beside
from lifecycle.signature import Label, Method, Output, Signature

Flag = Literal["not_finite", "unknown_category"]
Array = npt.NDArray[Any]
Numbers = list[float | list[float]]  # a number a row, or a list of them


class OutputAnswer(msgspec.Struct, frozen=True):
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


class Predictions(msgspec.Struct, frozen=True):
    """Answers by output, in the signature's order, and for each row the flags that were raised.

    A Struct, as an answer is: each request has some of its own, and a frozen dataclass takes ten times as long to make.
    """

    answers: tuple[OutputAnswer, ...]
    flags: tuple[tuple[Flag, ...], ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded, verified model version. `name`, `version` and `digest` are what every answer states.

    `fast` is the way round the DataFrame where there is a proven one; the estimator stays the truth. `by_rows` says
    that it was seen to answer each row to the bit alike whatever rows stand beside it: requests may be asked as one.
    """

    name: str
    version: str
    digest: str
    signature: Signature
    estimator: Any
    fast: FastPath = field(default_factory=FastPath, compare=False)
    by_rows: bool = field(default=False, compare=False)
    _reading: "_Reading" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_reading", _Reading.of(self.signature))

    def predict(
        self, columns: Columns, rows: int, method: Method | None = None, sizes: Sequence[int] | None = None
    ) -> Predictions:
        """Answer `rows` rows, given as feature name → list of plain values (None is missing).

        `method` "predict" leaves the probabilities out; None and all others answer as the signature says. `sizes`: the
        rows of each request, where several are asked at once.
        Raises ModelFailureError when the model raises or answers another number of rows.
        """
        beside = frozenset() if method == "predict" else self._reading.beside
        plan = self.fast.plan
        try:
            if plan is None:
                raw = ask_for_columns(self.estimator, self.signature, columns, beside)
            else:
                raw = plan(columns, beside, sizes)
            answers = self._reading.answers(raw, beside)
        except Exception as problem:
            raise ModelFailureError(f"The model failed: {type(problem).__name__}.") from problem
        if any(len(answer) != rows for answer in answers):
            raise ModelFailureError("The model answered another number of rows than it was asked.")
        return Predictions(answers, self._reading.flags(columns, raw, answers, rows))

    def by_estimator(self) -> "Model":
        """The same model without its fast path."""
        return replace(self, fast=FastPath())


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a raw answer becomes plain values: all that the signature tells about it, worked out once."""

    outputs: tuple[Output, ...]
    beside: frozenset[str]
    labels: tuple[Mapping[Label, Label], ...]
    known: tuple[tuple[str, frozenset[Any]], ...]

    @classmethod
    def of(cls, signature: Signature) -> "_Reading":
        labels: list[Mapping[Label, Label]] = [
            {label: label for label in output.labels} for output in signature.outputs
        ]
        known = tuple(
            (feature.name, frozenset((*feature.categories, None)))
            for feature in signature.inputs
            if feature.kind == "category" and feature.categories
        )
        beside = methods_beside(signature.outputs[0])
        return cls(signature.outputs, beside, tuple(labels), known)

    def answers(self, raw: RawAnswer, beside: frozenset[str]) -> tuple[OutputAnswer, ...]:
        """Of what was asked for: a plan may tell more, since it cost nothing."""
        task = self.outputs[0].task
        if task == "transform":
            return (OutputAnswer(values=raw.predicted.tolist()),)
        if task == "regression":
            return self._regressions(raw.predicted)
        return tuple(self._classifications(raw, beside))

    def _regressions(self, predicted: Array) -> tuple[OutputAnswer, ...]:
        table = predicted.astype(np.float64).reshape(len(predicted), len(self.outputs))
        return tuple(OutputAnswer(values=table[:, index].tolist()) for index in range(len(self.outputs)))

    def _classifications(self, raw: RawAnswer, beside: frozenset[str]) -> Iterator[OutputAnswer]:
        predicted = raw.predicted.reshape(len(raw.predicted), len(self.outputs))
        told = raw.probabilities if "predict_proba" in beside else None
        probabilities = _probabilities(told, len(self.outputs))
        scores = None
        if "decision_function" in beside and raw.scores is not None:
            scores = np.asarray(raw.scores, dtype=np.float64).tolist()
        for index, output in enumerate(self.outputs):
            shares = None if probabilities is None else probabilities[index]
            chosen = _labels(predicted[:, index], shares, output, self.labels[index])
            yield OutputAnswer(chosen, None if shares is None else shares.tolist(), scores)

    def flags(
        self, columns: Columns, raw: RawAnswer, answers: tuple[OutputAnswer, ...], rows: int
    ) -> tuple[tuple[Flag, ...], ...]:
        finite = _is_finite(raw, self.outputs[0])
        unknown = [(name, known) for name, known in self.known if not known.issuperset(columns[name])]
        if finite and not unknown:
            return ((),) * rows
        raised: list[list[Flag]] = [[] for _ in range(rows)]
        for row in sorted({row for answer in answers for row in _not_finite_rows(answer)}):
            raised[row].append("not_finite")
        for row in sorted({row for name, known in unknown for row in _unknown_rows(columns[name], known)}):
            raised[row].append("unknown_category")
        return tuple(tuple(flags) for flags in raised)


def _probabilities(answered: Any, outputs: int) -> list[Array] | None:
    """One n-by-k array an output. scikit-learn answers a list for most multi-output classifiers, and for
    multi-label ones a single n-by-outputs array of the positive share.
    """
    if answered is None:
        return None
    if isinstance(answered, list):
        return [np.asarray(part, dtype=np.float64) for part in answered]
    shares = np.asarray(answered, dtype=np.float64)
    if outputs == 1:
        return [shares]
    return [np.column_stack([1 - shares[:, index], shares[:, index]]) for index in range(outputs)]


def _labels(
    predicted: Array, shares: Array | None, output: Output, typed: Mapping[Label, Label]
) -> list[Label]:
    """Labels as the signature types them: several outputs in one array may have lost their own types."""
    if output.threshold is None or shares is None or output.positive is None:
        found = predicted.tolist()
        try:
            return [typed[label] for label in found]
        except (KeyError, TypeError):
            return [typed.get(label, label) for label in map(plain_label, found)]
    positive = output.labels.index(output.positive)
    other = next(label for label in output.labels if label != output.positive)
    return [output.positive if share >= output.threshold else other for share in shares[:, positive]]


def plain_label(label: Any) -> Label:
    """A numpy or Python label → its JSON type."""
    value = label.item() if isinstance(label, np.generic) else label
    return value if isinstance(value, str | int | float | bool) else str(value)


def _is_finite(raw: RawAnswer, output: Output) -> bool:
    """Whether no number of the answer is NaN or infinite; labels are looked at only where they are the answer."""
    parts = [raw.scores] if raw.probabilities is None else raw.probabilities
    if output.task != "classification":
        parts = [raw.predicted]
    tables = parts if isinstance(parts, list) else [parts]
    return all(table is None or bool(np.isfinite(table).all()) for table in tables)


def _not_finite_rows(answer: OutputAnswer) -> Iterator[int]:
    for part in (answer.probabilities, answer.scores, answer.values):
        if part is not None and len(part):
            finite = np.isfinite(np.asarray(part, dtype=np.float64).reshape(len(part), -1)).all(axis=1)
            yield from np.flatnonzero(~finite).tolist()


def _unknown_rows(values: Sequence[Any], known: frozenset[Any]) -> Iterator[int]:
    return (row for row, value in enumerate(values) if value not in known)
