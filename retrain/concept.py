"""Is it the data that changed, or what is true? In the champion's contained child, before anything is fitted."""

from dataclasses import dataclass

import numpy as np

from lifecycle.model import Model
from lifecycle.performance.answers import answered_of, answers_to, truth_of
from lifecycle.performance.estimated import estimate
from lifecycle.performance.metrics import Classified, metrics_of
from lifecycle.profile.profile import Profile
from retrain.labelled_rows import LabelledRows
from retrain.limits import CONCEPT_MARGIN, MIN_SLICE
from retrain.stopped import TrainingStoppedError

MOST_ROWS = 20_000  # spread evenly: 200 simulations of more rows say no more, and take minutes


@dataclass(frozen=True, slots=True)
class Realised:
    """The champion's primary metric by the labels, and the interval of its estimate without them."""

    rows: int
    value: float
    low: float
    high: float

    @property
    def beyond(self) -> float:
        """How far the value lies outside the interval."""
        return max(0.0, self.low - self.value, self.value - self.high)


def realised_beside_estimate(
    champion: Model, profile: Profile, rows: LabelledRows, metric: str, *, most: int = MOST_ROWS
) -> Realised | None:
    """Of the first output; None where the model states no shares, or too few rows are there to tell."""
    output = champion.signature.outputs[0]
    calibration = profile.calibrations.get(output.name)
    if calibration is None or len(rows) < MIN_SLICE:
        return None
    rows = rows.take(np.arange(0, len(rows), -(-len(rows) // most)))
    answered = answered_of(output, answers_to(champion, rows.columns, np.arange(len(rows)))[0])
    if not isinstance(answered, Classified) or answered.shares is None:
        return None
    truth = truth_of(output, [value for value in rows.truths[0] if value is not None])
    figure = estimate(calibration, answered, profile.baselines.get(output.name, {})).figures.get(metric)
    if figure is None:
        return None
    value = metrics_of(answered)[metric](truth, np.ones(len(truth)))
    if np.isnan([value, figure.low, figure.high]).any():
        return None
    return Realised(len(rows), value, figure.low, figure.high)


def require_same_concept(metric: str, measured: dict[str, Realised | None]) -> None:
    """Raises TrainingStoppedError when labels and estimate contradict each other by more than 0.10."""
    for where, one in measured.items():
        if one is not None and one.beyond > CONCEPT_MARGIN:
            raise TrainingStoppedError(
                f"Labels or concept: a person decides. On {where} ({one.rows:,} rows) the champion's {metric} is "
                f"{one.value:.3f} by the labels; without them it was estimated from {one.low:.3f} to {one.high:.3f}.",
                fix="Look at the labels' source first. If the world did change, train a model by hand and register it.",
            )
