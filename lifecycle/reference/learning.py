"""What a labelled reference teaches about a model: its profile, and what it reaches where it was not trained."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.errors import ModelRefusedError
from lifecycle.frame import Columns as AnyColumns
from lifecycle.model import Model, OutputAnswer
from lifecycle.performance import calibration
from lifecycle.performance.answers import PARTS, answered_of, answers_to, taken, truth_of
from lifecycle.performance.baseline import Baseline, baselines
from lifecycle.performance.calibration import Calibration
from lifecycle.performance.metrics import Answered, Array, Classified, metrics_of
from lifecycle.profile.profile import Profile
from lifecycle.profile.scores import ScoreColumn, score_columns
from lifecycle.profile.values import as_numbers
from lifecycle.reference.build import Learned, Reference, build_profile
from lifecycle.reference.importance import permutation_importances
from lifecycle.reference.labelled import LabelledReference

_PREFERRED = ("roc_auc", "log_loss", "mae", "accuracy")


@dataclass(frozen=True, slots=True)
class Lesson:
    profile: Profile
    metric: str


def learn(model: Model, reference: LabelledReference, metric: str | None) -> Lesson:
    """Features from all rows; everything that the model answers from the hold-out, where the file names one.

    Raises ModelRefusedError for a metric that the model does not have.
    """
    judged = _judged_rows(reference)
    tell(f"Asking the model {len(judged):,} rows of the reference …")
    answers = answers_to(model, reference.columns, judged)
    labelled = np.flatnonzero(reference.labelled[judged])
    tested = [_rows(answer, labelled) for answer in answers]
    rows = judged[labelled]
    outcomes = _outcomes(model, reference, tested, rows)
    primary = primary_metric(outcomes[0].answered, metric)
    all_days = reference.days
    days = None if all_days is None else [all_days[row] for row in rows]
    tell("Measuring which features matter …")
    learned = Learned(
        permutation_importances(_asking(model), taken(reference.columns, rows), outcomes[0].truth, primary),
        {one.name: one.calibration for one in outcomes if one.calibration is not None},
        {one.name: _baselines(one, days) for one in outcomes},
    )
    tell(f"Profiling {len(reference.columns)} features of {reference.rows:,} rows …")
    scores = _scattered(score_columns(model.signature.outputs, answers), judged, reference.rows)
    known = Reference(reference.columns, scores, reference.rows, all_days, reference.holdout)
    return Lesson(build_profile(model.signature, known, learned), primary)


def tell(what: str) -> None:
    """Registration of a large reference takes a while: standard error says what it is doing."""
    sys.stderr.write(f"{what}\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """What one output answered on the labelled hold-out, and what was true."""

    name: str
    answered: Answered
    truth: Array
    calibration: Calibration | None


def _judged_rows(reference: LabelledReference) -> Array:
    holdout = reference.holdout
    return np.arange(reference.rows) if holdout is None else np.flatnonzero(holdout)


def _rows(answer: OutputAnswer, rows: Array) -> OutputAnswer:
    given = {name: getattr(answer, name) for name in PARTS}
    return OutputAnswer(
        **{name: None if values is None else [values[row] for row in rows] for name, values in given.items()}
    )


def _outcomes(
    model: Model, reference: LabelledReference, answers: list[OutputAnswer], rows: Array
) -> list[_Outcome]:
    found = []
    for output, answer, truth in zip(model.signature.outputs, answers, reference.truths, strict=True):
        true = truth_of(output, [value for row in rows if (value := truth[row]) is not None])
        answered = answered_of(output, answer)
        found.append(_Outcome(output.name, answered, true, _calibration(answered, true)))
    return found


def _calibration(answered: Answered, truth: Array) -> Calibration | None:
    if not isinstance(answered, Classified) or answered.shares is None:
        return None
    return calibration.fit(answered.shares, truth, positive=answered.positive)


def primary_metric(answered: Answered, asked: str | None = None) -> str:
    """What is asked for, else what suits the output. Raises ModelRefusedError for what can't be told of it."""
    offered = metrics_of(answered)
    if asked is None:
        return next(name for name in _PREFERRED if name in offered)
    if asked not in offered:
        raise ModelRefusedError(
            f"The metric {asked!r} can't be told of this model.", fix=f"Choose one of: {', '.join(offered)}."
        )
    return asked


def _baselines(one: _Outcome, days: list[str] | None) -> Mapping[str, Baseline]:
    return baselines(one.answered, one.truth, days, one.calibration)


def _asking(model: Model) -> Any:
    def answer(columns: AnyColumns, rows: int) -> Answered:
        return answered_of(model.signature.outputs[0], model.predict(columns, rows).answers[0])

    return answer


def _scattered(scores: Mapping[str, ScoreColumn], rows: Array, total: int) -> dict[str, ScoreColumn]:
    """Scores of some rows at their places among all; the other places are never looked at."""
    return dict(_placed(scores, rows, total))


def _placed(scores: Mapping[str, ScoreColumn], rows: Array, total: int) -> Iterator[tuple[str, ScoreColumn]]:
    for name, (reading, values) in scores.items():
        numeric = reading != "category"
        table: Array = np.full(total, np.nan if numeric else None, dtype=np.float64 if numeric else object)
        table[rows] = as_numbers(values, reading) if numeric else values
        yield name, (reading, table)
