"""How a challenger is fitted: the champion's own estimator anew, or a team's `recipe.py`.

A recipe is a file with `fit(X, y, seed, **params)`, which returns a fitted estimator, and where it likes a
`search_space`, a dict of lists: each combination is tried on the older rows and measured on the newer ones.
"""

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import joblib
from sklearn.base import clone

from lifecycle.cpus import available_cpus
from retrain.stopped import TrainingStoppedError

MOST_TRIALS = 500
VALIDATION_SHARE = 0.2

Params = Mapping[str, Any]
Score = Callable[[Any, Any, Any], float]
Workers = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """`fit(X, y, seed, **params)`; `space` is empty where nothing is to be searched."""

    fit: Callable[..., Any]
    space: Mapping[str, list[Any]]

    def trials(self) -> list[dict[str, Any]]:
        """Every combination. Raises TrainingStoppedError for more than 500."""
        combinations = [
            dict(zip(self.space, values, strict=True)) for values in product(*self.space.values())
        ]
        if len(combinations) > MOST_TRIALS:
            raise TrainingStoppedError(
                f"The search space has {len(combinations):,} combinations; at most {MOST_TRIALS} are tried.",
                fix="Make the lists of search_space shorter.",
            )
        return combinations


@dataclass(frozen=True, slots=True)
class Search:
    """`score(estimator, X, y)` is higher for the better; within `workers` joblib spreads the trials."""

    score: Score
    workers: Workers


def cloning(champion: Any) -> Recipe:
    """The champion's own estimator, fitted again with one thread and a fixed seed."""

    def fit(X: Any, y: Any, seed: int) -> Any:  # noqa: N803 - scikit-learn's own name
        return fresh_clone(champion, seed).fit(X, y)

    return Recipe(fit, {})


def fresh_clone(estimator: Any, seed: int) -> Any:
    """Raises TrainingStoppedError for what scikit-learn can't clone."""
    try:
        fresh = clone(estimator)
        fresh.set_params(**dict(_repeatable(fresh.get_params(deep=True), seed)))
    except (TypeError, RuntimeError, AttributeError, ValueError) as problem:
        raise TrainingStoppedError(
            f"The champion ({type(estimator).__name__}) can't be cloned and fitted again: {problem}",
            fix="Write a recipe.py with fit(X, y, seed) and name it in PICKLEFLEET_RETRAIN_RECIPE.",
        ) from problem
    return fresh


def _repeatable(params: Params, seed: int) -> Iterator[tuple[str, Any]]:
    """One thread and a seed wherever an estimator inside has a say in them."""
    for name, value in params.items():
        last = name.rsplit("__", 1)[-1]
        if last == "n_jobs" and value not in {None, 1}:
            yield name, 1
        if last == "random_state" and not isinstance(value, int):
            yield name, seed


def load_recipe(path: Path) -> Recipe:
    """Runs the file. Raises TrainingStoppedError when it is no recipe."""
    spec = importlib.util.spec_from_file_location("picklefleet_recipe", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise TrainingStoppedError(f"{path} is no Python file.", fix="Give a recipe.py with fit(X, y, seed).")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    fit = getattr(module, "fit", None)
    space = getattr(module, "search_space", {})
    if not callable(fit) or not isinstance(space, dict):
        raise TrainingStoppedError(
            f"{path} has no fit(X, y, seed), or its search_space is no dict.",
            fix="def fit(X, y, seed): return Model(random_state=seed).fit(X, y)",
        )
    return Recipe(fit, {name: list(values) for name, values in space.items()})


def fitted(recipe: Recipe, X: Any, y: Any, seed: int, search: Search) -> tuple[Any, dict[str, Any]]:  # noqa: N803
    """The estimator fitted on all rows (these are in the order of time), and the params that were chosen."""
    params = _searched(recipe, X, y, seed, search) if recipe.space else {}
    return recipe.fit(X, y, seed, **params), params


@dataclass(frozen=True, slots=True, eq=False)
class _Trials:
    """What every trial shares: the older rows to fit, the newer ones to measure on."""

    recipe: Recipe
    seed: int
    older: tuple[Any, Any]
    newer: tuple[Any, Any]
    score: Score

    def one(self, params: Params) -> float:
        return self.score(self.recipe.fit(*self.older, self.seed, **params), *self.newer)


def _searched(recipe: Recipe, X: Any, y: Any, seed: int, search: Search) -> dict[str, Any]:  # noqa: N803
    """The first of the best. Every trial is measured on the same newest fifth."""
    combinations = recipe.trials()
    cut = int(len(y) * (1 - VALIDATION_SHARE))
    trials = _Trials(
        recipe, seed, (_rows(X, 0, cut), y[:cut]), (_rows(X, cut, len(y)), y[cut:]), search.score
    )
    with search.workers():
        scores = joblib.Parallel()(joblib.delayed(trials.one)(params) for params in combinations)
    return combinations[max(range(len(scores)), key=lambda place: (scores[place], -place))]


def _rows(X: Any, start: int, end: int) -> Any:  # noqa: N803 - scikit-learn's own name
    return X.iloc[start:end] if hasattr(X, "iloc") else X[start:end]


@contextmanager
def processes_here() -> Iterator[None]:
    """Joblib's own processes, one thread each."""
    with joblib.parallel_config(backend="loky", n_jobs=available_cpus(), inner_max_num_threads=1):
        yield
