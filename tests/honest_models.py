"""Fitted models of the kinds that data scientists hand over, small, each with rows that it can predict."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn import (
    calibration,
    cluster,
    compose,
    cross_decomposition,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_extraction,
    feature_selection,
    gaussian_process,
    impute,
    isotonic,
    kernel_approximation,
    linear_model,
    model_selection,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)  # fmt: skip

ROWS = 60
_RANDOM = np.random.default_rng(7)
X = _RANDOM.normal(size=(ROWS, 4))
LABELS = np.array(["no", "yes"])[(X[:, 0] + X[:, 1] > 0).astype(int)]
CLASSES = _RANDOM.integers(0, 3, ROWS)
VALUES = X @ np.array([1.0, 2.0, 0.0, -1.0]) + 5
FRAME = pd.DataFrame(
    {"size": X[:, 0], "weight": X[:, 1], "kind": np.array(["a", "b", "c"])[CLASSES], "open": CLASSES > 0}
)
TEXTS = ["late again today", "on time and fine"] * (ROWS // 2)


def _columns(final: Any) -> pipeline.Pipeline:
    numbers = pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler())
    kinds = preprocessing.OneHotEncoder(handle_unknown="ignore")
    return pipeline.make_pipeline(
        compose.ColumnTransformer([("num", numbers, ["size", "weight"]), ("cat", kinds, ["kind"])]), final
    )


def _search() -> model_selection.GridSearchCV:
    return model_selection.GridSearchCV(
        linear_model.LogisticRegression(), {"C": [0.1, 1.0]}, cv=3, scoring="roc_auc"
    )


_KINDS: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "logistic regression": (linear_model.LogisticRegression, X, LABELS),
    "three classes": (linear_model.LogisticRegression, X, CLASSES),
    "linear regression": (linear_model.LinearRegression, X, VALUES),
    "ridge": (linear_model.Ridge, X, VALUES),
    "lasso": (linear_model.LassoCV, X, VALUES),
    "sgd": (linear_model.SGDClassifier, X, LABELS),
    "huber": (linear_model.HuberRegressor, X, VALUES),
    "poisson": (linear_model.PoissonRegressor, X, abs(VALUES)),
    "tree": (tree.DecisionTreeClassifier, X, LABELS),
    "forest": (lambda: ensemble.RandomForestClassifier(5), X, LABELS),
    "forest of values": (lambda: ensemble.RandomForestRegressor(5), X, VALUES),
    "extra trees": (lambda: ensemble.ExtraTreesClassifier(5), X, LABELS),
    "boosting": (lambda: ensemble.GradientBoostingClassifier(n_estimators=5), X, LABELS),
    "boosting of values": (lambda: ensemble.GradientBoostingRegressor(n_estimators=5), X, VALUES),
    "histogram boosting": (lambda: ensemble.HistGradientBoostingClassifier(max_iter=5), X, LABELS),
    "histogram boosting on categories": (
        lambda: ensemble.HistGradientBoostingClassifier(max_iter=3, categorical_features=["kind"]), FRAME, LABELS,
    ),
    "adaboost": (lambda: ensemble.AdaBoostClassifier(n_estimators=5), X, LABELS),
    "bagging": (lambda: ensemble.BaggingClassifier(n_estimators=3), X, LABELS),
    "isolation forest": (lambda: ensemble.IsolationForest(n_estimators=5), X, None),
    "voting": (
        lambda: ensemble.VotingClassifier(
            [("a", linear_model.LogisticRegression()), ("b", naive_bayes.GaussianNB())], voting="soft"
        ), X, LABELS,
    ),
    "stacking": (lambda: ensemble.StackingRegressor([("a", linear_model.Ridge())], cv=2), X, VALUES),
    "support vectors": (lambda: svm.SVC(probability=False), X, LABELS),
    "linear support vectors": (svm.LinearSVC, X, LABELS),
    "support vectors of values": (svm.SVR, X, VALUES),
    "neighbours": (neighbors.KNeighborsClassifier, X, LABELS),
    "neighbours in a ball tree": (lambda: neighbors.KNeighborsRegressor(algorithm="ball_tree"), X, VALUES),
    "bayes": (naive_bayes.GaussianNB, X, LABELS),
    "discriminant": (discriminant_analysis.LinearDiscriminantAnalysis, X, LABELS),
    "perceptron": (lambda: neural_network.MLPClassifier((4,), max_iter=20, random_state=1), X, LABELS),
    "gaussian process": (gaussian_process.GaussianProcessRegressor, X, VALUES),
    "calibrated": (lambda: calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=2), X, LABELS),
    "calibrated isotonic": (
        lambda: calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), method="isotonic", cv=2), X, LABELS,
    ),
    "isotonic": (lambda: isotonic.IsotonicRegression(out_of_bounds="clip"), X[:, 0], VALUES),
    "several outputs": (lambda: multioutput.MultiOutputRegressor(linear_model.Ridge()), X, X[:, :2]),
    "partial least squares": (cross_decomposition.PLSRegression, X, VALUES),
    "dummy": (dummy.DummyClassifier, X, LABELS),
    "grid search": (_search, X, LABELS),
    "k-means": (lambda: cluster.KMeans(2, n_init=1), X, None),
    "components": (
        lambda: pipeline.make_pipeline(decomposition.PCA(2), linear_model.LogisticRegression()), X, LABELS,
    ),
    "selection": (
        lambda: pipeline.make_pipeline(feature_selection.SelectKBest(k=2), linear_model.LogisticRegression()),
        X, LABELS,
    ),
    "splines": (
        lambda: pipeline.make_pipeline(preprocessing.SplineTransformer(), linear_model.Ridge()), X, VALUES,
    ),
    "random features": (
        lambda: pipeline.make_pipeline(kernel_approximation.RBFSampler(), linear_model.Ridge()), X, VALUES,
    ),
    "logarithms": (
        lambda: pipeline.make_pipeline(preprocessing.FunctionTransformer(np.log1p), linear_model.Ridge()),
        abs(X), VALUES,
    ),
    "transformed target": (
        lambda: compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1),
        X, abs(VALUES),
    ),
    "columns": (lambda: _columns(linear_model.LogisticRegression()), FRAME, LABELS),
    "columns and boosting": (lambda: _columns(ensemble.GradientBoostingRegressor(n_estimators=3)), FRAME, VALUES),
    "columns by index": (
        lambda: pipeline.make_pipeline(
            compose.ColumnTransformer([("num", preprocessing.StandardScaler(), FRAME.columns[:2])]),
            linear_model.LogisticRegression(),
        ), FRAME, LABELS,
    ),
    "texts": (
        lambda: pipeline.make_pipeline(
            feature_extraction.text.TfidfVectorizer(), linear_model.LogisticRegression()
        ), TEXTS, LABELS,
    ),
}  # fmt: skip

NAMES = tuple(_KINDS)


def fitted(name: str) -> tuple[Any, Any]:
    """The model, and rows for its `predict`."""
    make, rows, target = _KINDS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make().fit(rows, target), rows
