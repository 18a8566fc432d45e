"""Pipelines over a table with missing values and categories, in the kinds that teams build them; each with its signature."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn import (
    compose,
    decomposition,
    discriminant_analysis,
    ensemble,
    feature_extraction,
    feature_selection,
    impute,
    linear_model,
    model_selection,
    naive_bayes,
    pipeline,
    preprocessing,
    svm,
    tree,
)  # fmt: skip

from lifecycle.model import Model
from lifecycle.signature import Feature, Output, Signature

ROWS = 240
NUMBERS, WHOLE, KINDS = ["delay", "wind"], ["hour", "seats"], ["carrier", "dest"]
NAMES_OF_LABELS = ("late", "on time")

_DRAW = np.random.default_rng(11)


def _table() -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "delay": _DRAW.normal(10, 5, ROWS),
            "wind": _DRAW.gamma(2.0, 3.0, ROWS),
            "hour": _DRAW.integers(0, 24, ROWS).astype(float),
            "seats": _DRAW.integers(20, 400, ROWS),
            "carrier": _DRAW.choice(["AA", "B6", "UA", "WN"], ROWS).astype(object),
            "dest": _DRAW.choice(["ATL", "BOS", "LAX", "ORD", "PBI"], ROWS).astype(object),
            "note": _DRAW.choice(["late again", "on time", "so very late", "fine"], ROWS).astype(object),
        }
    )
    table.loc[::7, "delay"] = np.nan
    table.loc[::11, "wind"] = np.nan
    table.loc[::13, "dest"] = np.nan
    return table


TABLE = _table()
_SCORE = TABLE["delay"].fillna(0) + (TABLE["carrier"] == "UA") * 6 + TABLE["hour"] / 4
LATE = np.where(_SCORE.median() < _SCORE, *NAMES_OF_LABELS)
CLASSES = np.digitize(_SCORE, np.quantile(_SCORE, [0.33, 0.66]))
VALUES = _SCORE.to_numpy() + 20

FEATURES = {
    "delay": Feature("delay", "number", "float64"),
    "wind": Feature("wind", "number", "float64"),
    "hour": Feature("hour", "number", "float64", nullable=False),
    "seats": Feature("seats", "integer", "int64", nullable=False),
    "carrier": Feature("carrier", "category", "object", nullable=False, categories=("AA", "B6", "UA", "WN")),
    "dest": Feature("dest", "category", "object", categories=("ATL", "BOS", "LAX", "ORD", "PBI")),
    "note": Feature("note", "text", "object", nullable=False),
}
_PROBABILITIES = Output("y0", "classification", NAMES_OF_LABELS, "late", ("predict_proba", "predict"))
_THREE = Output("y0", "classification", (0, 1, 2), None, ("predict_proba", "predict"))
_SCORES = Output("y0", "classification", NAMES_OF_LABELS, "late", ("decision_function", "predict"))
_VALUE = Output("y0", "regression")


def columns(
    final: Any,
    *,
    numbers: Any = None,
    kinds: Any = None,
    whole: Any = "passthrough",
    sparse_threshold: float = 0.3,
    between: tuple[Any, ...] = (),
) -> pipeline.Pipeline:
    numbers = numbers or pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler())
    kinds = kinds or pipeline.make_pipeline(
        impute.SimpleImputer(strategy="most_frequent"), preprocessing.OneHotEncoder(handle_unknown="ignore")
    )
    parts = [("numbers", numbers, NUMBERS), ("kinds", kinds, KINDS), ("whole", whole, WHOLE)]
    prepare = compose.ColumnTransformer(parts, sparse_threshold=sparse_threshold)
    return pipeline.make_pipeline(prepare, *between, final)


def _imputed(*more: Any, **imputing: Any) -> pipeline.Pipeline:
    return pipeline.make_pipeline(impute.SimpleImputer(**imputing), *more)


def _encoded(encoder: Any, **imputing: Any) -> pipeline.Pipeline:
    return _imputed(encoder, **({"strategy": "most_frequent"} | imputing))


def _logistic(**changes: Any) -> Any:
    return linear_model.LogisticRegression(**({"max_iter": 300} | changes))


def _ignored() -> preprocessing.OneHotEncoder:
    return preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)


_ORDINAL = {"handle_unknown": "use_encoded_value", "unknown_value": -1}

# name → how it is made, its output, and its target
PLANNED: dict[str, tuple[Callable[[], Any], Output, Any]] = {
    "sparse one-hot and logistic regression": (lambda: columns(_logistic(), sparse_threshold=1.0), _PROBABILITIES, LATE),
    "dense one-hot and logistic regression": (lambda: columns(_logistic(), sparse_threshold=0), _PROBABILITIES, LATE),
    "three classes": (lambda: columns(_logistic()), _THREE, CLASSES),
    "three classes from a sparse matrix": (lambda: columns(_logistic(), sparse_threshold=1.0), _THREE, CLASSES),
    "indicators": (lambda: columns(_logistic(), numbers=_imputed(add_indicator=True, strategy="median")), _PROBABILITIES, LATE),
    "a constant for what is missing": (lambda: columns(_logistic(), numbers=_imputed(strategy="constant", fill_value=-1)), _PROBABILITIES, LATE),
    "a category for what is missing": (
        lambda: columns(_logistic(), kinds=_encoded(_ignored(), strategy="constant", fill_value="none")), _PROBABILITIES, LATE,
    ),
    "missing categories encoded": (lambda: columns(_logistic(), kinds=_ignored()), _PROBABILITIES, LATE),
    "one category dropped": (
        lambda: columns(_logistic(), kinds=_encoded(preprocessing.OneHotEncoder(drop="first", handle_unknown="ignore"))), _PROBABILITIES, LATE,
    ),
    "rare categories together": (
        lambda: columns(
            _logistic(), kinds=_encoded(preprocessing.OneHotEncoder(min_frequency=50, handle_unknown="infrequent_if_exist"))
        ), _PROBABILITIES, LATE,
    ),
    "ordinal codes": (lambda: columns(tree.DecisionTreeClassifier(max_depth=5), kinds=_encoded(preprocessing.OrdinalEncoder(**_ORDINAL))), _PROBABILITIES, LATE),
    "ordinal codes with a code for missing": (
        lambda: columns(
            ensemble.RandomForestClassifier(8), kinds=preprocessing.OrdinalEncoder(**_ORDINAL, encoded_missing_value=-2)
        ), _PROBABILITIES, LATE,
    ),
    "target encoding": (lambda: columns(_logistic(), kinds=preprocessing.TargetEncoder(random_state=0)), _PROBABILITIES, LATE),
    "min and max": (lambda: columns(_logistic(), numbers=_imputed(preprocessing.MinMaxScaler(clip=True))), _PROBABILITIES, LATE),
    "largest value": (lambda: columns(_logistic(), numbers=_imputed(preprocessing.MaxAbsScaler())), _PROBABILITIES, LATE),
    "robust scaling": (lambda: columns(_logistic(), numbers=_imputed(preprocessing.RobustScaler())), _PROBABILITIES, LATE),
    "logarithms": (lambda: columns(_logistic(), whole=preprocessing.FunctionTransformer(np.log1p)), _PROBABILITIES, LATE),
    "binarized": (lambda: columns(_logistic(), whole=preprocessing.Binarizer(threshold=12)), _PROBABILITIES, LATE),
    "scaled once more": (lambda: columns(_logistic(), between=(preprocessing.StandardScaler(),), sparse_threshold=0), _PROBABILITIES, LATE),
    "the best columns": (lambda: columns(_logistic(), between=(feature_selection.SelectKBest(k=5),)), _PROBABILITIES, LATE),
    "columns chosen by a model": (
        lambda: columns(_logistic(), between=(feature_selection.SelectFromModel(tree.DecisionTreeClassifier(random_state=0)),)),
        _PROBABILITIES, LATE,
    ),
    "side by side": (
        lambda: columns(
            _logistic(), numbers=pipeline.make_union(_imputed(), _imputed(preprocessing.StandardScaler()), impute.MissingIndicator())
        ), _PROBABILITIES, LATE,
    ),
    "nested columns": (
        lambda: columns(
            _logistic(),
            numbers=_imputed(
                compose.ColumnTransformer([("first", preprocessing.StandardScaler(), [0])], remainder="passthrough")
            ),
        ), _PROBABILITIES, LATE,
    ),
    "a search over it": (
        lambda: model_selection.GridSearchCV(columns(_logistic()), {"logisticregression__C": [0.1, 1.0]}, cv=2), _PROBABILITIES, LATE,
    ),
    "stochastic gradients": (lambda: columns(linear_model.SGDClassifier(loss="log_loss", random_state=0)), _PROBABILITIES, LATE),
    "linear discriminants": (lambda: columns(discriminant_analysis.LinearDiscriminantAnalysis(), sparse_threshold=0), _PROBABILITIES, LATE),
    "linear support vectors": (lambda: columns(svm.LinearSVC()), _SCORES, LATE),
    "ridge classification": (lambda: columns(linear_model.RidgeClassifier()), _SCORES, LATE),
    "naive bayes": (lambda: columns(naive_bayes.GaussianNB(), sparse_threshold=0), _PROBABILITIES, LATE),
    "ridge": (lambda: columns(linear_model.Ridge()), _VALUE, VALUES),
    "lasso": (lambda: columns(linear_model.LassoCV(cv=2)), _VALUE, VALUES),
    "poisson": (lambda: columns(linear_model.PoissonRegressor(), sparse_threshold=0), _VALUE, VALUES),
    "a target in logarithms": (
        lambda: columns(compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1)), _VALUE, VALUES,
    ),
    "a tree": (lambda: columns(tree.DecisionTreeRegressor(max_depth=6)), _VALUE, VALUES),
    "a forest": (lambda: columns(ensemble.RandomForestClassifier(12, random_state=0)), _PROBABILITIES, LATE),
    "a forest of three classes": (lambda: columns(ensemble.RandomForestClassifier(12)), _THREE, CLASSES),
    "a forest of values": (lambda: columns(ensemble.RandomForestRegressor(12)), _VALUE, VALUES),
    "extra trees": (lambda: columns(ensemble.ExtraTreesClassifier(12)), _PROBABILITIES, LATE),
    "gradient boosting": (lambda: columns(ensemble.GradientBoostingClassifier(n_estimators=12)), _PROBABILITIES, LATE),
    "gradient boosting of three classes": (lambda: columns(ensemble.GradientBoostingClassifier(n_estimators=6)), _THREE, CLASSES),
    "gradient boosting of values": (lambda: columns(ensemble.GradientBoostingRegressor(n_estimators=12)), _VALUE, VALUES),
    "histogram boosting that knows missing values": (
        lambda: columns(ensemble.HistGradientBoostingClassifier(max_iter=8), numbers="passthrough", sparse_threshold=0), _PROBABILITIES, LATE,
    ),
    "histogram boosting of three classes": (
        lambda: columns(ensemble.HistGradientBoostingClassifier(max_iter=5), sparse_threshold=0), _THREE, CLASSES,
    ),
    "histogram boosting of values": (
        lambda: columns(ensemble.HistGradientBoostingRegressor(max_iter=8), sparse_threshold=0), _VALUE, VALUES,
    ),
    "histogram boosting on categories of its own": (
        lambda: ensemble.HistGradientBoostingClassifier(max_iter=5, categorical_features=KINDS), _PROBABILITIES, LATE,
    ),
}  # fmt: skip

# these have a step that runs as scikit-learn runs it, without a DataFrame
PARTLY: dict[str, tuple[Callable[[], Any], Output, Any]] = {
    "components": (lambda: columns(_logistic(), between=(decomposition.PCA(3, svd_solver="full"),), sparse_threshold=0), _PROBABILITIES, LATE),
    "polynomials": (lambda: columns(linear_model.Ridge(), whole=preprocessing.PolynomialFeatures(2)), _VALUE, VALUES),
    "bins": (lambda: columns(_logistic(), whole=preprocessing.KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf")), _PROBABILITIES, LATE),
    "quantiles": (lambda: columns(_logistic(), whole=preprocessing.QuantileTransformer(n_quantiles=50)), _PROBABILITIES, LATE),
    "support vectors": (lambda: columns(svm.SVC()), _SCORES, LATE),
    "soft voting": (
        lambda: columns(ensemble.VotingClassifier([("a", _logistic()), ("b", tree.DecisionTreeClassifier())], voting="soft")), _PROBABILITIES, LATE,
    ),
    "words of a text": (
        lambda: pipeline.make_pipeline(
            compose.ColumnTransformer(
                [("words", feature_extraction.text.TfidfVectorizer(), "note"), ("numbers", _imputed(), NUMBERS)]
            ), _logistic(),
        ), _PROBABILITIES, LATE,
    ),
}  # fmt: skip


def fitted(name: str) -> Model:
    make, output, target = (PLANNED | PARTLY)[name]
    names = list(FEATURES) if "text" in name else [name for name in FEATURES if name != "note"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = make().fit(TABLE[names], target)
    signature = Signature(tuple(FEATURES[name] for name in names), (output,))
    return Model(name, "v1", "0" * 64, signature, estimator)


def rows_for(model: Model, count: int = 40) -> dict[str, list[Any]]:
    """Rows of the table as a client would send them."""
    table = TABLE.head(count)
    return {
        name: [None if pd.isna(value) else value for value in table[name].tolist()]
        for name in model.signature.names
    }
