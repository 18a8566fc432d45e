"""Champion and challenger on the same rows: metrics with paired intervals, slices, McNemar, and how far they differ.

Only answers and true values are looked at here; the decision stands in `blessing`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest, chi2

from lifecycle.model import OutputAnswer
from lifecycle.performance.answers import answered_of, truth_of
from lifecycle.performance.intervals import REPEATS, Figure
from lifecycle.performance.metrics import Answered, Array, Classified, Regressed, metrics_of
from lifecycle.performance.realised import difference, realised
from lifecycle.profile.scores import score_columns
from lifecycle.signature import Output
from retrain.costs import Costs
from retrain.slices import SliceRows
from retrain.units import distance

_DRAWN_ROWS = 20_000_000  # over all repeats: an interval over many rows needs few draws
_MIN_REPEATS = 40
_EXACT_BELOW = 25

Figures = Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Side:
    """One set of rows. `difference` is challenger minus champion, paired by row; `disagreement` the share of rows
    with another label (None for numbers).
    """

    rows: int
    champion: Figures
    challenger: Figures
    difference: Figures
    disagreement: float | None


@dataclass(frozen=True, slots=True)
class Slice:
    """The primary metric's difference where `feature` is `value`."""

    feature: str
    value: str
    rows: int
    difference: Figure


@dataclass(frozen=True, slots=True)
class Discordant:
    """Rows that only one of the two labelled rightly, and McNemar's p for their being equally many."""

    only_champion: int
    only_challenger: int
    p: float


@dataclass(frozen=True, slots=True)
class Beside:
    """Another output than the first, by its own metric."""

    output: str
    metric: str
    newest: Side
    trusted: Side | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of the first output, `beside` of the others. `no_skill` is what the primary metric gives to a constant answer on the newest rows; `lost` names values that
    the champion takes and the challenger does not.
    """

    metric: str
    newest: Side
    trusted: Side | None
    slices: tuple[Slice, ...]
    discordant: Discordant | None
    score_distance: float
    no_skill: float
    costs: Costs
    lost: tuple[str, ...] = ()
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """What both models answered to n rows, by output, and what was true of the first output."""

    outputs: tuple[Output, ...]
    champion: Sequence[OutputAnswer]
    challenger: Sequence[OutputAnswer]
    truth: Array

    @classmethod
    def of(cls, outputs: tuple[Output, ...], answers: Sequence[Any], truth: Sequence[Any]) -> "Both":
        return cls(outputs, answers[0], answers[1], truth_of(outputs[0], list(truth)))

    def alone(self, index: int, truth: Sequence[Any]) -> "Both":
        """Of one output, and what was true of it."""
        answers = [self.champion[index]], [self.challenger[index]]
        return Both.of((self.outputs[index],), answers, truth)

    @property
    def answered(self) -> tuple[Answered, Answered]:
        first = self.outputs[0]
        return answered_of(first, self.champion[0]), answered_of(first, self.challenger[0])


def side(both: Both) -> Side:
    before, after = both.answered
    repeats = min(REPEATS, max(_MIN_REPEATS, _DRAWN_ROWS // max(1, len(both.truth))))
    return Side(
        len(both.truth),
        realised(before, both.truth, repeats=repeats),
        realised(after, both.truth, repeats=repeats),
        difference(before, after, both.truth, repeats=repeats),
        _disagreement(both),
    )


def compared_slices(both: Both, metric: str, slices: Sequence[SliceRows]) -> Iterator[Slice]:
    before, after = both.answered
    for one in slices:
        found = difference(
            before.rows(one.where), after.rows(one.where), both.truth[one.where], only=[metric]
        )
        yield Slice(one.feature, one.value, int(one.where.sum()), found[metric])


def discordant(both: Both) -> Discordant | None:
    """Exact where few rows differ, else chi-squared with continuity. None for numbers."""
    before, after = both.answered
    if isinstance(before, Regressed) or isinstance(after, Regressed):
        return None
    truth = both.truth.argmax(axis=1)
    champion, challenger = before.chosen == truth, after.chosen == truth
    only_champion = int((champion & ~challenger).sum())
    only_challenger = int((challenger & ~champion).sum())
    return Discordant(only_champion, only_challenger, _mcnemar(only_champion, only_challenger))


def score_distance(both: Both) -> float:
    """D between the scores of both models, of the output or class where it is largest; for labels alone the largest
    change of a label's share.
    """
    champion = score_columns(both.outputs, both.champion)
    challenger = score_columns(both.outputs, both.challenger)
    found = [_apart(reading, values, challenger[name][1]) for name, (reading, values) in champion.items()]
    return max(found, default=0.0)


def no_skill(both: Both, metric: str) -> float:
    """The primary metric of the best constant answer."""
    answered = both.answered[0]
    ones = np.ones(len(both.truth))
    if isinstance(answered, Regressed):
        centre = np.median(both.truth) if metric == "mae" else np.mean(both.truth)
        return metrics_of(Regressed(np.full(len(ones), centre)))[metric](both.truth, ones)
    shares = np.tile(both.truth.mean(axis=0), (len(ones), 1))
    chosen = shares.argmax(axis=1)
    ranking = None if answered.shares is not None else np.zeros(len(ones))
    constant = Classified(
        answered.labels, chosen, None if ranking is not None else shares, answered.positive, ranking
    )
    return metrics_of(constant)[metric](both.truth, ones)


def _mcnemar(one: int, other: int) -> float:
    together = one + other
    if not together:
        return 1.0
    if together < _EXACT_BELOW:
        return float(binomtest(one, together).pvalue)
    return float(chi2.sf((abs(one - other) - 1) ** 2 / together, 1))


def _disagreement(both: Both) -> float | None:
    """Rows with another label in any output."""
    pairs = [
        (before.labels, after.labels)
        for before, after in zip(both.champion, both.challenger, strict=True)
        if before.labels is not None and after.labels is not None
    ]
    if not pairs or not len(both.truth):
        return None
    differ: Array = np.zeros(len(both.truth), dtype=bool)
    for before, after in pairs:
        differ |= np.array([one != other for one, other in zip(before, after, strict=True)], dtype=bool)
    return float(differ.mean())


def _apart(reading: str, one: Any, other: Any) -> float:
    if reading != "category":
        return distance(np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64))
    first, second = list(one), list(other)
    return max(
        abs(first.count(value) / len(first) - second.count(value) / len(second))
        for value in {*first, *second}
    )
