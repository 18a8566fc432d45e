"""What a model answered to n rows, in the shapes that the metrics take."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lifecycle.model import Model, OutputAnswer
from lifecycle.performance.metrics import Answered, Array, Classified, Regressed, one_hot
from lifecycle.profile.scores import positive_index
from lifecycle.signature import Label, Output

ROWS_AT_ONCE = 10_000
PARTS = ("labels", "probabilities", "scores", "values")


def answers_to(model: Model, columns: Mapping[str, Sequence[Any]], rows: Array) -> list[OutputAnswer]:
    """By output, for the rows of these numbers, a few thousand at once. Raises ModelFailureError."""
    pieces = [
        model.predict(taken(columns, some), len(some)).answers
        for some in np.array_split(rows, max(1, -(-len(rows) // ROWS_AT_ONCE)))
    ]
    return [_joined(of_output) for of_output in zip(*pieces, strict=True)]


def taken(columns: Mapping[str, Sequence[Any]], rows: Array) -> dict[str, list[Any]]:
    return {name: [values[row] for row in rows] for name, values in columns.items()}


def _joined(parts: tuple[OutputAnswer, ...]) -> OutputAnswer:
    return OutputAnswer(**{name: _whole([getattr(part, name) for part in parts]) for name in PARTS})


def _whole(parts: list[Any]) -> list[Any] | None:
    return None if parts[0] is None else [value for part in parts for value in part]


def answered_of(output: Output, answer: OutputAnswer) -> Answered:
    """Raises ValueError for a label that the output does not have, and for an output without labels and values."""
    if output.task == "regression":
        return Regressed(np.asarray(answer.values, dtype=np.float64))
    if answer.labels is None:
        raise ValueError("A transform has no true values.")
    positive = positive_index(output)
    shares = None if answer.probabilities is None else np.asarray(answer.probabilities, dtype=np.float64)
    return Classified(
        len(output.labels), _indices(output, answer.labels), shares, positive, _ranking(answer, positive)
    )


def truth_of(output: Output, values: list[Label]) -> Array:
    """True values → one-hot rows of a classifier (n by k), n numbers else."""
    if output.task == "regression":
        return np.asarray(values, dtype=np.float64)
    return one_hot(_indices(output, values), len(output.labels))


def _indices(output: Output, labels: list[Label]) -> Array:
    known = {label: index for index, label in enumerate(output.labels)}
    unknown = next((label for label in labels if label not in known), None)
    if unknown is not None:
        raise ValueError(f"{unknown!r} is none of the labels of {output.name}.")
    return np.array([known[label] for label in labels], dtype=np.int64)


def _ranking(answer: OutputAnswer, positive: int | None) -> Array | None:
    """Decision scores rise with the second label; ROC AUC wants them to rise with the positive one."""
    if answer.scores is None or positive is None:
        return None
    scores = np.asarray(answer.scores, dtype=np.float64)
    return scores if positive == 1 else -scores
