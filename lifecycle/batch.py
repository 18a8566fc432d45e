"""Requests that are predicted as one: their rows put together, and the answers taken apart again."""

from collections.abc import Iterator, Sequence
from itertools import chain

from lifecycle.errors import ModelFailureError
from lifecycle.frame import Columns
from lifecycle.model import Model, OutputAnswer, Predictions

MOST_TOGETHER = (
    256  # rows: beyond it a batch is no cheaper a row, and its first request would wait for the last
)
TRIED = 16  # rows
SIZES = (2, 3, 5, 8, 17, 64, MOST_TOGETHER)


def joined(parts: Sequence[Columns]) -> Columns:
    """All rows of the first, then all of the second, and so on; the parts name the same columns."""
    return {name: list(chain.from_iterable([part[name] for part in parts])) for name in parts[0]}


def parted(predictions: Predictions, rows: Sequence[int]) -> Iterator[Predictions]:
    """The answers to so many rows each, in order."""
    start = 0
    for count in rows:
        end = start + count
        yield Predictions(
            tuple(_part(answer, start, end) for answer in predictions.answers), predictions.flags[start:end]
        )
        start = end


def _part(answer: OutputAnswer, start: int, end: int) -> OutputAnswer:
    return OutputAnswer(
        None if answer.labels is None else answer.labels[start:end],
        None if answer.probabilities is None else answer.probabilities[start:end],
        None if answer.scores is None else answer.scores[start:end],
        None if answer.values is None else answer.values[start:end],
    )


def answers_by_rows(model: Model, columns: Columns, rows: int) -> bool:
    """Whether each row is answered to the bit alike alone and in batches of any size up to MOST_TOGETHER rows.

    A step that looks at the other rows makes it False, and so do sums whose order depends on their number (BLAS): a
    last bit may differ too rarely for a few rows to show it, so only plans are asked that keep their sums apart.
    """
    plan = model.fast.plan
    if plan is not None and not plan.by_rows:
        return False
    tried = min(rows, TRIED)
    try:
        alone = [model.predict(_taken(columns, [row]), 1) for row in range(tried)]
        return all(_answers_alike(model, columns, alone, size) for size in SIZES)
    except ModelFailureError:
        return False


def _answers_alike(model: Model, columns: Columns, alone: Sequence[Predictions], size: int) -> bool:
    places = [index % len(alone) for index in range(size)]
    sizes = [1] * size
    together = parted(model.predict(_taken(columns, places), size, sizes=sizes), sizes)
    return all(one == alone[place] for place, one in zip(places, together, strict=True))


def _taken(columns: Columns, rows: Sequence[int]) -> Columns:
    return {name: [values[row] for row in rows] for name, values in columns.items()}
