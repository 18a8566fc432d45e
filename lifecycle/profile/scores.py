"""What a model answered, as columns to profile: one number per output and class, or the label where that is all."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from lifecycle.model import OutputAnswer
from lifecycle.profile.values import Array, Reading, category_text
from lifecycle.signature import Output

ScoreColumn = tuple[Reading, Sequence[Any] | Array]


def score_columns(outputs: Sequence[Output], answers: Sequence[OutputAnswer]) -> dict[str, ScoreColumn]:
    """Name → how to read it, and n values. Of two classes only the positive is kept: the other mirrors it."""
    columns: dict[str, ScoreColumn] = {}
    for output, answer in zip(outputs, answers, strict=True):
        columns |= _columns(output, answer)
    return columns


def _columns(output: Output, answer: OutputAnswer) -> dict[str, ScoreColumn]:
    names = [f"{output.name}:{category_text(label)}" for label in output.labels]
    if answer.probabilities is not None:
        return _by_class(np.asarray(answer.probabilities, dtype=np.float64), names, positive_index(output))
    if answer.scores is not None:
        scores = np.asarray(answer.scores, dtype=np.float64)
        return {output.name: ("number", scores)} if scores.ndim == 1 else _by_class(scores, names, None)
    if answer.labels is not None:
        return {output.name: ("category", answer.labels)}
    values = np.asarray(answer.values, dtype=np.float64)
    if values.ndim == 1:
        return {output.name: ("number", values)}
    return _by_class(values, [f"{output.name}:{index}" for index in range(values.shape[1])], None)


def _by_class(table: Array, names: list[str], only: int | None) -> dict[str, ScoreColumn]:
    kept = range(table.shape[1]) if only is None else (only,)
    return {names[index]: ("number", table[:, index]) for index in kept}


def score_values(output: Output, answer: OutputAnswer, row: int) -> list[tuple[str, Any]]:
    """The columns that `score_columns` makes of one output, with the value of one row: for one request no arrays."""
    names, positive = _names(output)
    if answer.probabilities is not None:
        shares = answer.probabilities[row]
        kept = range(len(shares)) if positive is None else (positive,)
        return [(names[index], shares[index]) for index in kept]
    if answer.labels is not None and answer.scores is None:
        return [(output.name, answer.labels[row])]
    value = (answer.scores if answer.scores is not None else answer.values or [])[row]
    if not isinstance(value, list):
        return [(output.name, value)]
    if answer.scores is not None:
        return list(zip(names, value, strict=False))
    return [(f"{output.name}:{index}", each) for index, each in enumerate(value)]


@lru_cache(maxsize=256)
def _names(output: Output) -> tuple[list[str], int | None]:
    return [f"{output.name}:{category_text(label)}" for label in output.labels], positive_index(output)


def positive_index(output: Output) -> int | None:
    """Which of two labels is the positive one (the second unless the signature says); None for more labels."""
    if len(output.labels) != 2:
        return None
    return 1 if output.positive is None else output.labels.index(output.positive)
