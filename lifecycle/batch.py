"""Requests that are predicted as one: their rows put together, and the answers taken apart again."""

from collections.abc import Iterator, Sequence

from lifecycle.compiled.recheck import same_answers
from lifecycle.errors import ModelFailureError
from lifecycle.frame import Columns
from lifecycle.model import Model, OutputAnswer, Predictions

TRIED = 8  # rows: a model that looks at its neighbours shows it in the first few


def joined(parts: Sequence[Columns]) -> Columns:
    """All rows of the first, then all of the second, and so on; the parts name the same columns."""
    return {name: [value for part in parts for value in part[name]] for name in parts[0]}


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
    """Whether each row is answered alike in a batch and alone; a step that looks at the other rows makes it False."""
    tried = min(rows, TRIED)
    batch = {name: values[:tried] for name, values in columns.items()}
    try:
        together = parted(model.predict(batch, tried), [1] * tried)
        return all(
            same_answers(
                model.predict({name: values[row : row + 1] for name, values in batch.items()}, 1), one, 1
            )
            for row, one in enumerate(together)
        )
    except ModelFailureError:
        return False
