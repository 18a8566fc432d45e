"""How many units an experiment needs, said before it starts: from the effect that matters and the power to see it."""

import math
from dataclasses import dataclass

from scipy.stats import norm

from lifecycle.errors import PicklefleetError

ALPHA = 0.05
# what looking at any time costs against one look at the end, as tests/unit/release/experiment finds it
SEQUENTIAL = 2.3


class DesignError(PicklefleetError):
    """An experiment that could show nothing."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Design:
    """`effect`: the difference of the metric that matters; `baseline`: the champion's metric; both shares, 0 to 1."""

    share: float
    effect: float
    baseline: float
    power: float = 0.8

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise DesignError("The challenger's share must lie between 0 and 100 %, both excluded.")
        if not 0 < self.effect <= 0.5:
            raise DesignError("The effect must be above 0 and at most 50 points.")
        if not 0 < self.baseline < 1:
            raise DesignError("The champion's metric must lie between 0 and 1, both excluded.")
        if not 0.5 <= self.power < 1:
            raise DesignError("The power must be at least 0.5 and below 1.")

    def units(self) -> int:
        """Labelled units of both arms together, for a two-sided look at any time."""
        better = min(0.999, self.baseline + self.effect)
        spread = self.baseline * (1 - self.baseline) / (1 - self.share) + better * (1 - better) / self.share
        quantiles = float(norm.isf(ALPHA / 2) + norm.ppf(self.power))
        return math.ceil(SEQUENTIAL * spread * (quantiles / self.effect) ** 2)
