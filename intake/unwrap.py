"""What a pickle holds → the model in it: bare, in a `{"model": …, "features": …}` bundle, or in a tuple."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Never

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from lifecycle.errors import ModelRefusedError

FEATURE_KEYS = (
    *("features", "feature_names", "columns", "feature_columns", "feature_names_in_", "input_features"),
    *("input_columns", "feature_cols", "cols"),
)
RE_EXPORT = "Export the fitted pipeline itself: pickle.dump(pipeline, file)."


@dataclass(frozen=True, slots=True)
class Handed:
    """The model that was handed over; `path` leads to it from the unpickled object (keys and indices).

    `feature_names` are those that came beside it, None if none did. `found` says in words where it was.
    """

    estimator: Any
    feature_names: tuple[str, ...] | None = None
    path: tuple[str | int, ...] = ()
    found: str = "the file's only object"


def unwrap(loaded: Any) -> Handed:
    """Find the one model that can answer. Raises ModelRefusedError saying what the object is instead."""
    handed = _find(loaded)
    _require_answers(handed.estimator)
    _require_fitted(handed.estimator)
    return handed


def _find(loaded: Any) -> Handed:
    if _is_model(loaded):
        return Handed(loaded)
    if isinstance(loaded, dict):
        return _in_dictionary(loaded)
    if isinstance(loaded, list | tuple):
        return _in_sequence(loaded)
    return _refuse(loaded)


def _is_model(value: Any) -> bool:
    """Pandas' tables have a method transform too."""
    if isinstance(value, type | pd.DataFrame | pd.Series):
        return False
    return hasattr(value, "predict") or hasattr(value, "transform") or isinstance(value, BaseEstimator)


def _in_dictionary(loaded: dict[Any, Any]) -> Handed:
    parts = {key: value for key, value in loaded.items() if _is_model(value)}
    key = _only_model(parts, "dictionary")
    names = next((names for name in FEATURE_KEYS if (names := _names(loaded.get(name))) is not None), None)
    return Handed(parts[key], names, (key,), f"the dictionary's entry {key!r}")


def _in_sequence(loaded: Sequence[Any]) -> Handed:
    kind = type(loaded).__name__
    parts = {index: value for index, value in enumerate(loaded) if _is_model(value)}
    index = _only_model(parts, kind)
    names = next((names for value in loaded if (names := _names(value)) is not None), None)
    return Handed(parts[index], names, (index,), f"the {kind}'s entry {index}")


def _only_model(parts: dict[Any, Any], container: str) -> Any:
    """The key of the one model; a second part (a scaler, an encoder) would silently be left out."""
    if not parts:
        raise ModelRefusedError(f"The file holds a {container} without a model in it.", fix=RE_EXPORT)
    if len(parts) == 1:
        return next(iter(parts))
    listed = ", ".join(f"{key!r} ({type(part).__name__})" for key, part in list(parts.items())[:8])
    raise ModelRefusedError(
        f"The file holds a {container} with {len(parts)} fitted parts: {listed}; one model is served.",
        fix="Join what belongs together, sklearn.pipeline.make_pipeline(scaler, model), or save one model a file.",
    )


def _names(value: Any) -> tuple[str, ...] | None:
    """Feature names as people keep them: a list, tuple, Index or array of different texts."""
    if not isinstance(value, list | tuple | pd.Index | np.ndarray) or len(value) == 0:
        return None
    names = list(value)
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        return None
    return tuple(str(name) for name in names)


def _refuse(loaded: Any) -> Never:
    what = next((words for matches, words in _no_models() if matches(loaded)), None)
    raise ModelRefusedError(
        f"The file holds {what or f'an object of type {type(loaded).__name__}'}, not a model.", fix=RE_EXPORT
    )


def _no_models() -> Iterator[tuple[Callable[[Any], bool], str]]:
    yield lambda value: value is None, "None"
    yield lambda value: isinstance(value, pd.DataFrame | pd.Series), "a pandas table"
    yield lambda value: isinstance(value, np.ndarray | np.generic), "a numpy array"
    yield lambda value: isinstance(value, str | bytes), "a text"
    yield lambda value: isinstance(value, bool | int | float), "a number"
    yield lambda value: isinstance(value, type), "a class (not a fitted instance of it)"
    yield callable, "a function"


def _require_answers(estimator: Any) -> None:
    name = type(estimator).__name__
    if hasattr(estimator, "cv_results_") and not hasattr(estimator, "best_estimator_"):
        raise ModelRefusedError(
            f"The {name} was run with refit=False: it holds no fitted model.",
            fix="Fit it with refit=True, or export the model you chose.",
        )
    if not isinstance(estimator, BaseEstimator) or _is_fitted(estimator):
        if hasattr(estimator, "predict") or hasattr(estimator, "transform"):
            return
        raise ModelRefusedError(
            f"{name} can't answer for new rows: it has neither predict nor transform.",
            fix="Train a model that has predict, for instance a classifier on its labels.",
        )


def _require_fitted(estimator: Any) -> None:
    if isinstance(estimator, BaseEstimator) and not _is_fitted(estimator):
        raise ModelRefusedError(
            f"The {type(estimator).__name__} is not fitted.",
            fix="Call fit(X, y) before saving it; a search keeps its fitted model in best_estimator_.",
        )


def _is_fitted(estimator: BaseEstimator) -> bool:
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    except TypeError:  # it can't be fitted at all: nothing is missing
        return True
    return True
