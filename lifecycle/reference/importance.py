"""How much each feature matters: how much worse the primary metric gets when its column is shuffled."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lifecycle.frame import Columns
from lifecycle.performance.metrics import HIGHER_IS_BETTER, Answered, Array, metrics_of

MAX_ROWS = 5000
_REPEATS = 3

Answer = Callable[[Columns, int], Answered]


def permutation_importances(
    answer: Answer, columns: Columns, truth: Array, metric: str, *, seed: int = 0
) -> dict[str, float]:
    """By feature: the mean loss of `metric` over three shuffles, at most 5,000 rows drawn with the seed.

    `answer` is the model as (columns, rows) → answers; what it raises passes through. Shuffling breaks a
    column's tie to the label and to its fellows, and keeps its own distribution.
    """
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(len(truth))[:MAX_ROWS])
    kept: dict[str, Sequence[Any]] = {
        name: [values[row] for row in chosen] for name, values in columns.items()
    }
    expected = truth[chosen]

    def score(of: Columns) -> float:
        value = metrics_of(answer(of, len(chosen)))[metric](expected, np.ones(len(chosen)))
        return value if metric in HIGHER_IS_BETTER else -value

    whole = score(kept)
    return {
        name: float(
            np.mean([whole - score(kept | {name: _shuffled(kept[name], random)}) for _ in range(_REPEATS)])
        )
        for name in kept
    }


def _shuffled(values: Sequence[Any], random: np.random.Generator) -> list[Any]:
    return [values[row] for row in random.permutation(len(values))]
