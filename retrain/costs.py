"""What a model costs to serve, beside the champion: time for one row and for a hundred, and bytes."""

from dataclasses import dataclass
from statistics import median

from lifecycle import clock
from lifecycle.model import Model
from lifecycle.reference.labelled import Columns

REPEATS = 41
SIZES = (1, 100)


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds of CPU by rows in a request, and the artifacts' bytes, about what they take in memory."""

    champion_ms: dict[str, float]
    challenger_ms: dict[str, float]
    champion_bytes: int
    challenger_bytes: int


def times_ms(
    champion: Model, challenger: Model, columns: Columns
) -> tuple[dict[str, float], dict[str, float]]:
    """Medians of many answers, in turns: whatever else the machine does then slows down both alike."""
    medians: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for size in SIZES:
        rows = {name: values[:size] for name, values in columns.items()}
        turns = [(_taken_ms(champion, rows), _taken_ms(challenger, rows)) for _ in range(REPEATS)]
        for of_model, times in zip(medians, zip(*turns, strict=True), strict=True):
            of_model[str(size)] = median(times)
    return medians


def _taken_ms(model: Model, rows: Columns) -> float:
    begun = clock.cpu()
    model.predict(rows, len(next(iter(rows.values()))))
    return (clock.cpu() - begun) * 1000
