"""A fitted estimator → a plan: what it answers for columns of plain values, without a DataFrame."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifecycle.compiled import bayes, histogram, linear, trees
from lifecycle.compiled.finals import (
    AsScikitLearnEnds,
    Final,
    Summing,
    TargetTurnedBack,
    Transformed,
)
from lifecycle.compiled.prepare import Note, Preparation, taken
from lifecycle.compiled.shapes import Origin, Shape, Step, UnplannableError
from lifecycle.compiled.source import Columns, source_of
from lifecycle.compiled.splits import thresholds_of
from lifecycle.raw_answer import RawAnswer, methods_beside
from lifecycle.signature import Signature

_FINALS: Mapping[str, Callable[[Any, Shape], Final]] = {
    **dict.fromkeys(linear.REGRESSORS, linear.linear_regressor),
    **dict.fromkeys(linear.CLASSIFIERS, linear.linear_classifier),
    **dict.fromkeys(bayes.CLASSIFIERS, bayes.bayes_classifier),
    **dict.fromkeys(
        ("DecisionTreeRegressor", "ExtraTreeRegressor", "RandomForestRegressor", "ExtraTreesRegressor"),
        trees.tree_regressor,
    ),
    **dict.fromkeys(
        ("DecisionTreeClassifier", "ExtraTreeClassifier", "RandomForestClassifier", "ExtraTreesClassifier"),
        trees.tree_classifier,
    ),
    "GradientBoostingRegressor": trees.gradient_regressor,
    "GradientBoostingClassifier": trees.gradient_classifier,
    "HistGradientBoostingRegressor": histogram.histogram_regressor,
    "HistGradientBoostingClassifier": histogram.histogram_classifier,
}


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """`stages` are what comes out of each transformer, for finding where an answer goes wrong; `notes` tell how
    each step runs. `quiet`: no step warns, so that nothing has to be silenced. `summing` is the last step where it is
    one whose sums have to be kept apart for several requests.
    """

    prepare: Step
    final: Final
    stages: tuple[tuple[str, Step], ...]
    notes: tuple[Note, ...]
    wanted: frozenset[str]
    quiet: bool
    summing: Summing | None

    @property
    def by_rows(self) -> bool:
        """Whether rows of several requests may be answered at once, each to the bit as alone: trees look at one row at
        a time, and sums are kept apart.
        """
        return bool(self.final.splits) or self.summing is not None

    def __call__(
        self, columns: Columns, wanted: frozenset[str] | None = None, sizes: Sequence[int] | None = None
    ) -> RawAnswer:
        """`wanted` are the methods whose answers are needed beside predict's; None is all that there are. `sizes`: the
        rows of each request, where there are several.
        """
        methods = self.wanted if wanted is None else wanted
        final = self.final if sizes is None or self.summing is None else self.summing.apart(sizes)
        if not self.quiet:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                return final(self.prepare(columns), methods)
        with np.errstate(all="ignore"):
            return final(self.prepare(columns), methods)

    def critical(self) -> dict[str, Any]:
        """Feature → the values at which an answer may jump, as far as they can be traced back to a feature."""
        found: dict[str, list[Any]] = {}
        for column, places in thresholds_of(self.final.splits):
            origin: Origin | None = self.prepare.shape.columns[column].origin
            if origin is not None:
                found.setdefault(origin.feature, []).append(origin.back(places))
        return {feature: np.unique(np.concatenate(parts)) for feature, parts in found.items()}


def make_plan(estimator: Any, signature: Signature) -> Plan:
    """Raises UnplannableError with the step that prevents it."""
    preparation = Preparation()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return _planned(estimator, signature, preparation)
        except UnplannableError:
            raise
        except Exception as problem:
            raise UnplannableError(
                type(estimator).__name__, f"making a plan failed ({type(problem).__name__})."
            ) from problem


def _planned(estimator: Any, signature: Signature, preparation: Preparation) -> Plan:
    wanted = methods_beside(signature.outputs[0])
    before = source_of(signature)
    transformers, last = parts(estimator)
    if signature.outputs[0].task == "transform":
        stages, before = _stages([*transformers, last], before, preparation)
        return _finished(before, Transformed(), stages, preparation, wanted)
    last, inverse = _target(last)
    more, last = parts(last)
    stages, before = _stages([*transformers, *more, *_own_preparation(last)], before, preparation)
    source = taken(before, None, _needs(before))
    final = _final(last, source.shape, preparation.notes)
    if inverse is not None:
        final = TargetTurnedBack(final, inverse)
    return _finished(source, final, stages, preparation, wanted)


def _finished(
    before: Shape | Step,
    final: Final,
    stages: list[tuple[str, Step]],
    preparation: Preparation,
    wanted: frozenset[str],
) -> Plan:
    notes = tuple(preparation.notes)
    quiet = all(note.exact for note in notes)
    summing = final if quiet and isinstance(final, Summing) else None  # sklearn's own steps sum as they like
    return Plan(taken(before, None, _needs(before)), final, tuple(stages), notes, wanted, quiet, summing)


def _stages(
    transformers: Sequence[Any], before: Shape | Step, preparation: Preparation
) -> tuple[list[tuple[str, Step]], Shape | Step]:
    stages: list[tuple[str, Step]] = []
    for transformer in transformers:
        if transformer is not None and not isinstance(transformer, str):
            made = preparation.step(transformer, before)
            stages.append((type(transformer).__name__, made))
            before = made
    return stages, before


def _needs(before: Shape | Step) -> Any:
    shape = before if isinstance(before, Shape) else before.shape
    return "texts" if shape.kind == "texts" else "numbers"


def parts(estimator: Any) -> tuple[Sequence[Any], Any]:
    """What comes before, and the last step; a search stands for the best that it found."""
    before: list[Any] = []
    while True:
        if _is_sklearn(estimator) and hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif _is_sklearn(estimator) and type(estimator).__name__ == "Pipeline":
            *earlier, (_, last) = estimator.steps
            before += [step for _, step in earlier]
            if last is None or isinstance(last, str):
                raise UnplannableError("Pipeline", "it ends with nothing.")
            estimator = last
        else:
            return before, estimator


def last_step(estimator: Any) -> Any:
    """The estimator that a plan's `final` stands for; None where it answers something else than that."""
    last, inverse = _target(parts(estimator)[1])
    return parts(last)[1] if inverse is None else None


def _target(last: Any) -> tuple[Any, Callable[[Any], Any] | None]:
    """The regressor inside a TransformedTargetRegressor, and the function that turns its answers back."""
    if type(last).__name__ != "TransformedTargetRegressor" or not _is_sklearn(last):
        return last, None
    inverse = getattr(last.transformer_, "inverse_func", None)
    if not isinstance(inverse, np.ufunc) or last._training_dim != 1:  # noqa: SLF001 - told nowhere else
        return last, None
    return last.regressor_, inverse


def _own_preparation(last: Any) -> list[Any]:
    """Histogram boosting brings an encoder of its own for its categories."""
    own = getattr(last, "_preprocessor", None)
    return [own] if own is not None and type(last).__name__.startswith("HistGradientBoosting") else []


def _final(last: Any, shape: Shape, notes: list[Note]) -> Final:
    name = type(last).__name__
    if name not in _FINALS or not _is_sklearn(last):
        reason = "no exact form of it is known here."
    else:
        try:
            final = _FINALS[name](last, shape)
        except UnplannableError as problem:
            reason = problem.reason
        else:
            notes.append(Note(name, exact=True))
            return final
    notes.append(Note(name, exact=False, reason=reason))
    return AsScikitLearnEnds(last, shape)


def _is_sklearn(estimator: Any) -> bool:
    return type(estimator).__module__.partition(".")[0] == "sklearn"
