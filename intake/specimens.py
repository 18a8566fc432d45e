"""One fitted specimen of every scikit-learn estimator, for the survey behind the allow-list."""

import sys
from collections.abc import Iterator
from inspect import Parameter, signature
from typing import Any

import numpy as np
import pandas as pd
from sklearn import feature_selection, metrics, model_selection
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor, kernels
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

_PLAIN_FUNCTIONS = (
    np.log1p,
    np.log,
    np.log2,
    np.log10,
    np.sqrt,
    np.exp,
    np.expm1,
    np.abs,
    np.square,
    np.sin,
    np.cos,
)
_ROWS = 40


def estimators() -> Iterator[BaseEstimator]:
    """One of every public estimator, then those whose parameters bring in further classes."""
    for _, kind in all_estimators():
        try:
            yield kind(**_parameters(kind))
        except TypeError:
            print(f"not constructed: {kind.__name__}", file=sys.stderr)  # noqa: T201 - the survey's report
    yield from _variations()


def _parameters(kind: type) -> dict[str, Any]:
    steps = [("one", StandardScaler()), ("two", StandardScaler())]
    voters = [("one", LogisticRegression()), ("two", DecisionTreeClassifier())]
    regressors = [("one", LinearRegression()), ("two", SGDRegressor())]
    special: dict[str, dict[str, Any]] = {
        "ColumnTransformer": {
            "transformers": [("one", StandardScaler(), [0, 1]), ("two", "passthrough", [2])]
        },
        "FeatureUnion": {"transformer_list": steps},
        "Pipeline": {"steps": steps},
        "VotingClassifier": {"estimators": voters},
        "StackingClassifier": {"estimators": voters},
        "VotingRegressor": {"estimators": regressors},
        "StackingRegressor": {"estimators": regressors},
        "GridSearchCV": {
            "estimator": LogisticRegression(),
            "param_grid": {"C": [0.1, 1.0]},
            "scoring": "roc_auc",
        },
        "HalvingGridSearchCV": {"estimator": LogisticRegression(), "param_grid": {"C": [0.1, 1.0]}},
        "RandomizedSearchCV": {
            "estimator": LogisticRegression(),
            "param_distributions": {"C": [1.0]},
            "n_iter": 1,
        },
        "HalvingRandomSearchCV": {
            "estimator": LogisticRegression(),
            "param_distributions": {"C": [1.0, 2.0]},
        },
        "SparseCoder": {"dictionary": np.eye(4)},
    }
    if kind.__name__ in special:
        return special[kind.__name__]
    base = (
        LinearRegression()
        if "Regressor" in kind.__name__ or "RANSAC" in kind.__name__
        else LogisticRegression()
    )
    required = getattr(kind, "_required_parameters", None) or _signature_of(kind)
    return dict.fromkeys(required, base)


def _signature_of(kind: type) -> list[str]:
    found = signature(kind).parameters.values()
    return [p.name for p in found if p.default is Parameter.empty and p.kind is not Parameter.VAR_KEYWORD]


def _variations() -> Iterator[BaseEstimator]:
    yield from (FunctionTransformer(function) for function in _PLAIN_FUNCTIONS)
    losses = ("hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron")
    yield from (SGDClassifier(loss=loss) for loss in losses)
    yield from (
        SGDRegressor(loss=loss) for loss in ("huber", "epsilon_insensitive", "squared_epsilon_insensitive")
    )
    yield from (
        KNeighborsClassifier(algorithm=tree, metric=m)
        for tree in ("kd_tree", "ball_tree", "brute")
        for m in ("minkowski", "manhattan", "chebyshev", "euclidean")
    )
    yield from (KernelDensity(algorithm=tree) for tree in ("kd_tree", "ball_tree"))
    yield from (model_selection.GridSearchCV(_suited(score), {}, scoring=score, cv=2) for score in _scorers())
    yield from (model_selection.GridSearchCV(LogisticRegression(), {}, cv=cv) for cv in _splitters())
    yield GaussianProcessRegressor(kernel=_every_kernel())
    yield from _boosting_losses()
    scores = (
        "f_classif",
        "f_regression",
        "chi2",
        "r_regression",
        "mutual_info_classif",
        "mutual_info_regression",
    )
    yield from (feature_selection.SelectKBest(getattr(feature_selection, score), k=1) for score in scores)
    frame = _frame()
    for columns in (frame.columns[:2], make_column_selector(dtype_include="number"), ["size", "weight"]):
        yield ColumnTransformer([("one", StandardScaler(), columns)], remainder="drop")
        yield ColumnTransformer([("one", OneHotEncoder(), ["kind"])], remainder="passthrough")
    yield HistGradientBoostingClassifier(categorical_features=["kind"])
    yield make_pipeline(OneHotEncoder(), LogisticRegression(random_state=np.random.RandomState(0)))
    yield DecisionTreeClassifier(random_state=np.random.RandomState(0))


def _frame() -> pd.DataFrame:
    numbers = np.arange(_ROWS, dtype=float)
    kinds = pd.Categorical(["a", "b"] * (_ROWS // 2))
    return pd.DataFrame({"size": numbers, "weight": numbers[::-1], "kind": kinds})


def _boosting_losses() -> Iterator[BaseEstimator]:
    yield from (GradientBoostingClassifier(loss=loss) for loss in ("log_loss", "exponential"))
    for loss in ("squared_error", "absolute_error", "huber", "quantile"):
        yield GradientBoostingRegressor(loss=loss)
    for loss in ("squared_error", "absolute_error", "gamma", "poisson"):
        yield HistGradientBoostingRegressor(loss=loss)
    yield HistGradientBoostingRegressor(loss="quantile", quantile=0.5, early_stopping=True)


def _every_kernel() -> kernels.Kernel:
    return (
        kernels.ConstantKernel() * kernels.RBF() + kernels.WhiteKernel() + kernels.Matern()
        + kernels.RationalQuadratic() + kernels.ExpSineSquared() + kernels.DotProduct() ** 2
        + kernels.PairwiseKernel()
    )  # fmt: skip


def _scorers() -> Iterator[str]:
    clustering = "mutual_info", "rand_score", "homogeneity", "completeness", "v_measure", "fowlkes"
    for name in metrics.get_scorer_names():
        if not any(part in name for part in clustering):
            yield name


def _suited(score: str) -> BaseEstimator:
    return (
        LinearRegression()
        if score.startswith(("neg_", "r2", "max_", "explained", "d2_"))
        else LogisticRegression()
    )


def _splitters() -> Iterator[Any]:
    yield from (model_selection.KFold(2), model_selection.StratifiedKFold(2), model_selection.ShuffleSplit(2))
    yield from (model_selection.StratifiedShuffleSplit(2), model_selection.TimeSeriesSplit(2))
    yield from (
        model_selection.RepeatedKFold(n_splits=2),
        model_selection.RepeatedStratifiedKFold(n_splits=2),
    )
    yield from (model_selection.GroupKFold(2), model_selection.StratifiedGroupKFold(2))


def fitted(estimator: BaseEstimator) -> Iterator[BaseEstimator]:
    """Fitted on the first kind of data that it takes, else as it is; a classifier on three classes too, which
    bring in other losses than two.
    """
    attempts = (_fit(estimator, *data) for data in _datasets())
    first = next((specimen for specimen in attempts if specimen is not None), estimator)
    yield first
    if hasattr(first, "classes_"):
        three = _fit(estimator, np.random.default_rng(0).random((_ROWS, 4)), np.arange(_ROWS) % 3)
        if three is not None:
            yield three


def _fit(estimator: BaseEstimator, rows: Any, target: Any) -> BaseEstimator | None:
    for arguments in ((rows, target), (target,)):
        try:
            return clone(estimator).fit(*arguments)
        except Exception:  # noqa: BLE001, S112 - each estimator refuses other data in its own way
            continue
    return None


def _datasets() -> Iterator[tuple[Any, Any]]:
    random = np.random.default_rng(0)
    rows = random.random((_ROWS, 4))
    classes = np.arange(_ROWS) % 2
    yield rows, classes
    yield rows, np.array(["no", "yes"], dtype=object)[classes]
    yield rows, random.random(_ROWS)
    yield rows, np.column_stack([classes, 1 - classes])
    yield random.random(_ROWS), random.random(_ROWS)
    yield [{"name": "a", "size": 1.5}] * _ROWS, classes
    yield ["some words here", "other words there"] * (_ROWS // 2), classes
    yield [["a", "b"]] * _ROWS, None
    yield classes, None
    yield _frame(), classes
    yield random.random((_ROWS, 2000)), classes
    yield rows, [["a"], ["b"]] * (_ROWS // 2)
