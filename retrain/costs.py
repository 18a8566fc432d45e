"""What a model costs to serve, beside the champion: time for one row and for a hundred, and bytes."""

from dataclasses import dataclass

from lifecycle import clock
from lifecycle.model import Model
from lifecycle.reference.labelled import Columns

REPEATS = 15
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
    """The cheapest of fifteen answers each, in turns: other processes on the machine hardly count."""
    best: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for size in SIZES:
        rows = {name: values[:size] for name, values in columns.items()}
        count = len(next(iter(rows.values())))
        for _ in range(REPEATS):
            for model, times in zip((champion, challenger), best, strict=True):
                begun = clock.cpu()
                model.predict(rows, count)
                taken = (clock.cpu() - begun) * 1000
                times[str(size)] = min(taken, times.get(str(size), taken))
    return best
