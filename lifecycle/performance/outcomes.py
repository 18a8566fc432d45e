"""Labelled rows of the log → what was answered and what was true, in the shapes that the metrics take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from lifecycle.performance.metrics import Answered, Array, Classified, Regressed, one_hot
from lifecycle.prediction_log.hour_files import Rows
from lifecycle.prediction_log.record_schema import prediction_schema
from lifecycle.prediction_log.records import actual_text
from lifecycle.signature import Output, Signature

NO_LABEL = -1


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """n rows with a true value. `chosen` and `truth`: indices of labels, or numbers. `shares`: n by k, NaN where a
    row was answered without. `at_ms`: when each was predicted; `lags_s`: how long its label took.
    """

    output: Output
    chosen: Array
    truth: Array
    shares: Array
    at_ms: Array
    lags_s: Array
    segment: Array

    def __len__(self) -> int:
        return len(self.truth)

    def rows(self, where: Array) -> "Outcomes":
        return Outcomes(self.output, *(part[where] for part in _parts(self)))

    @property
    def positive(self) -> int | None:
        """The index of the registered positive label of two; without one the rarer true label, as at registration."""
        labels = self.output.labels
        if len(labels) != 2:
            return None
        if self.output.positive is not None:
            return labels.index(self.output.positive)
        return int(np.count_nonzero(self.truth == 1) <= np.count_nonzero(self.truth == 0))

    def answered(self, positive: int | None, *, with_shares: bool) -> Answered:
        if self.output.task == "regression":
            return Regressed(self.chosen)
        shares = self.shares if with_shares else None
        return Classified(len(self.output.labels), self.chosen, shares, positive)

    def true(self) -> Array:
        if self.output.task == "regression":
            return self.truth
        return one_hot(self.truth, len(self.output.labels))


@dataclass(frozen=True, slots=True)
class OutputColumns:
    """Where the log holds what one output answered; `alone` where the model has no other output."""

    output: Output
    alone: bool
    chosen: str
    shares: tuple[str, ...]

    @classmethod
    def of(cls, signature: Signature, index: int) -> "OutputColumns":
        output = signature.outputs[index]
        columns = prediction_schema(signature).columns
        main = f"value{index}" if output.task == "regression" else f"label{index}"
        shares = tuple(column.name for column in columns if column.part == f"p{index}")
        chosen = next(column.name for column in columns if column.part == main)
        return cls(output, len(signature.outputs) == 1, chosen, shares)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.chosen, *self.shares)

    def read(self, rows: Rows, segment: str | None = None) -> Outcomes:
        """Rows whose answer or label is missing, or is none of this output's labels, are left out."""
        chosen, truth = self._answers(rows), self._truths(rows)
        where = ~np.isnan(chosen) & ~np.isnan(truth)
        kind = np.float64 if self.output.task == "regression" else np.int64
        shares = [np.asarray(rows[name], dtype=np.float64) for name in self.shares]
        table = np.stack(shares, axis=1) if shares else np.full((len(where), 1), np.nan)
        lags = (rows["received_ms"] - rows["at_ms"]) / 1000
        values = rows[segment] if segment else np.zeros(len(where))
        return Outcomes(
            self.output,
            chosen[where].astype(kind),
            truth[where].astype(kind),
            table[where],
            rows["at_ms"][where],
            lags[where],
            values[where],
        )

    def _answers(self, rows: Rows) -> Array:
        given = rows[self.chosen]
        if self.output.task == "regression":
            return np.asarray(given, dtype=np.float64)
        indices: dict[Any, int] = {label: index for index, label in enumerate(self.output.labels)}
        return np.array([indices.get(value, np.nan) for value in given.tolist()], dtype=np.float64)

    def _truths(self, rows: Rows) -> Array:
        if self.output.task == "regression" and self.alone:
            return np.asarray(rows["actual_number"], dtype=np.float64)
        texts = rows["actual"].tolist()
        if not self.alone:
            texts = [_part(text, self.output) for text in texts]
        if self.output.task == "regression":
            return np.array([np.nan if text is None else float(text) for text in texts], dtype=np.float64)
        indices = {actual_text(label): index for index, label in enumerate(self.output.labels)}
        return np.array([indices.get(text, np.nan) for text in texts], dtype=np.float64)


def joined(parts: Sequence[Outcomes]) -> Outcomes:
    """The rows of all parts, of one output."""
    columns = zip(*(_parts(part) for part in parts), strict=True)
    return Outcomes(parts[0].output, *(np.concatenate(column) for column in columns))


def _parts(outcomes: Outcomes) -> tuple[Array, ...]:
    return (
        outcomes.chosen,
        outcomes.truth,
        outcomes.shares,
        outcomes.at_ms,
        outcomes.lags_s,
        outcomes.segment,
    )


def _part(text: str | None, output: Output) -> str | None:
    """One output's value out of the object of all of them, as text."""
    return None if text is None else actual_text(orjson.loads(text)[output.name])
