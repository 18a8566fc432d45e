"""What a model costs to serve, beside the champion: time for one row and for a hundred, and bytes."""

from dataclasses import dataclass

from lifecycle import clock
from lifecycle.model import Model
from lifecycle.reference.labelled import Columns

REPEATS = 15
SIZES = (1, 100)


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds by rows in a request, and the artifacts' bytes, which is about what they take in memory."""

    champion_ms: dict[str, float]
    challenger_ms: dict[str, float]
    champion_bytes: int
    challenger_bytes: int


def times_ms(
    champion: Model, challenger: Model, columns: Columns
) -> tuple[dict[str, float], dict[str, float]]:
    """The quickest of fifteen answers each, in turns: another process on the machine slows down both."""
    best: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for size in SIZES:
        rows = {name: values[:size] for name, values in columns.items()}
        count = len(next(iter(rows.values())))
        for _ in range(REPEATS):
            for model, times in zip((champion, challenger), best, strict=True):
                begun = clock.monotonic()
                model.predict(rows, count)
                taken = (clock.monotonic() - begun) * 1000
                times[str(size)] = min(taken, times.get(str(size), taken))
    return best
