"""Seeing through estimators that hold others: searches, ensembles, chains, pipelines."""

from collections.abc import Iterator
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

VECTORISERS = (CountVectorizer, HashingVectorizer)  # TfidfVectorizer is a CountVectorizer
ROWS_AS_DICTIONARIES = (DictVectorizer, FeatureHasher)

_ONE_INSIDE = ("best_estimator_", "regressor_")
_WRAPPERS = (FixedThresholdClassifier, TunedThresholdClassifierCV, SelfTrainingClassifier)
_MANY_INSIDE = (
    *(VotingClassifier, VotingRegressor, StackingClassifier, StackingRegressor),
    *(MultiOutputClassifier, MultiOutputRegressor),
    *(OneVsRestClassifier, OneVsOneClassifier, OutputCodeClassifier),
)


def inside(estimator: Any) -> tuple[Any, ...]:
    """The fitted estimators that a wrapper gives its own rows to; empty when it is no wrapper."""
    if isinstance(estimator, CalibratedClassifierCV):
        return (estimator.calibrated_classifiers_[0].estimator,)
    if isinstance(estimator, _WRAPPERS):
        return (estimator.estimator_,)
    if isinstance(estimator, ClassifierChain | RegressorChain):  # only the first sees nothing but the rows
        return (estimator.estimators_[0],)
    if isinstance(estimator, _MANY_INSIDE):
        return tuple(part for part in estimator.estimators_ if part != "drop")
    if type(estimator).__name__ == "FrozenEstimator":
        return (estimator.estimator,)
    return tuple(getattr(estimator, name) for name in _ONE_INSIDE if hasattr(estimator, name))[:1]


def first_seen(estimator: Any) -> Iterator[Any]:
    """The estimators that see the rows as they come in, then those that follow, outermost first."""
    yield estimator
    if isinstance(estimator, Pipeline):
        parts = tuple(step for _, step in estimator.steps if step is not None and not isinstance(step, str))
    elif isinstance(estimator, FeatureUnion):
        parts = tuple(step for _, step in estimator.transformer_list if not isinstance(step, str))
    else:
        parts = inside(estimator)
    for part in parts:
        yield from first_seen(part)


def names_inside(estimator: Any) -> tuple[str, ...] | None:
    """The column names of the first step that was fitted on a DataFrame."""
    for part in first_seen(estimator):
        if hasattr(part, "feature_names_in_"):
            return tuple(str(name) for name in part.feature_names_in_)
    return None


def width_of(estimator: Any) -> int | None:
    """How many columns the first step that counted them was fitted on."""
    for part in first_seen(estimator):
        if hasattr(part, "n_features_in_"):
            return int(part.n_features_in_)
        if tells_nothing(part):
            return None
    return None


def tells_nothing(step: Any) -> bool:
    """A team's own step that did not keep what it was fitted on; what follows it may see other columns."""
    known = hasattr(step, "n_features_in_") or hasattr(step, "feature_names_in_")
    return not known and not type(step).__module__.startswith("sklearn.")


def entrance(estimator: Any) -> Any:
    """The step that takes the rows as they come."""
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps if step is not None and not isinstance(step, str)]
        return entrance(steps[0]) if steps else estimator
    if isinstance(estimator, FeatureUnion):
        return entrance(estimator.transformer_list[0][1])
    parts = inside(estimator)
    return entrance(parts[0]) if parts else estimator
