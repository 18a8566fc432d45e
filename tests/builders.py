"""Small real models, each with its signature and golden rows: fitted scikit-learn, a few milliseconds each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from lifecycle.golden import GoldenRows
from lifecycle.model import Model
from lifecycle.signature import Feature, Output, Signature, positional_names

ROWS = 120
VERSION = "v1"
CARRIERS = ("AA", "B6", "UA")


@dataclass(frozen=True, slots=True)
class BuiltModel:
    """A model and `rows`, some rows that it takes as a client would send them, as JSON values."""

    model: Model
    rows: tuple[dict[str, Any], ...]

    @property
    def golden(self) -> GoldenRows:
        names = self.model.signature.names
        columns = {name: [row[name] for row in self.rows] for name in names}
        return GoldenRows(columns, len(self.rows), self.model.predict(columns, len(self.rows)).answers)


def number(name: str, **changes: Any) -> Feature:
    return Feature(name, "number", **({"dtype": "float64"} | changes))


def category(name: str, categories: tuple[Any, ...], **changes: Any) -> Feature:
    return Feature(name, "category", **({"dtype": "object", "categories": categories} | changes))


def built(
    estimator: Any, signature: Signature, rows: list[dict[str, Any]], name: str = "sample"
) -> BuiltModel:
    return BuiltModel(Model(name, VERSION, "0" * 64, signature, estimator), tuple(rows))


@cache
def classifier() -> BuiltModel:
    """Two classes from a number that may be missing and a category: the pipeline most teams hand over."""
    table = flights()
    late = np.where(table["delay"].fillna(0) + (table["carrier"] == "UA") * 9 > 12, "late", "on time")
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer(
        [
            ("numbers", numbers, ["delay", "hour"]),
            ("carrier", OneHotEncoder(handle_unknown="ignore"), ["carrier"]),
        ]
    )
    pipeline = make_pipeline(columns, LogisticRegression()).fit(table, late)
    signature = Signature(
        (number("delay"), number("hour", nullable=False), category("carrier", CARRIERS, nullable=False)),
        (Output("y0", "classification", ("late", "on time"), "late", ("predict_proba", "predict")),),
    )
    return built(pipeline, signature, json_rows(table.head(8)), "flights")


@cache
def regressor() -> BuiltModel:
    table = flights()[["hour"]]
    signature = Signature((number("hour", nullable=False),), (Output("y0", "regression"),))
    return built(LinearRegression().fit(table, table["hour"] * 2 + 1), signature, json_rows(table.head(4)))


@cache
def multiclass() -> BuiltModel:
    """Three classes with whole numbers for labels, from a plain matrix without names."""
    matrix = random().normal(size=(ROWS, 3))
    labels = np.digitize(matrix[:, 0], [-0.5, 0.5]) + 1
    names = positional_names(3)
    signature = Signature(
        tuple(number(name, nullable=False) for name in names),
        (Output("y0", "classification", (1, 2, 3), None, ("predict_proba", "predict")),),
        named=False,
        layout="matrix",
    )
    rows = [dict(zip(names, map(float, row), strict=True)) for row in matrix[:4]]
    return built(DecisionTreeClassifier(max_depth=3, random_state=0).fit(matrix, labels), signature, rows)


@cache
def multi_output() -> BuiltModel:
    """Two numbers at once."""
    table = flights()[["hour"]]
    targets = np.column_stack([table["hour"] * 2, -table["hour"]])
    outputs = (Output("arrival", "regression"), Output("saved", "regression"))
    tree = DecisionTreeRegressor(max_depth=3, random_state=0).fit(table, targets)
    return built(tree, Signature((number("hour", nullable=False),), outputs), json_rows(table.head(4)))


@cache
def multi_output_classifier() -> BuiltModel:
    """Two answers at once, each with classes of its own."""
    table = flights()[["hour"]]
    targets = np.column_stack([table["hour"] > 12, table["hour"] > 18]).astype(int)
    outputs = tuple(
        Output(name, "classification", (0, 1), 1, ("predict_proba", "predict")) for name in ("noon", "night")
    )
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(table, targets)
    return built(tree, Signature((number("hour", nullable=False),), outputs), json_rows(table.head(4)))


@cache
def text() -> BuiltModel:
    texts = ["late again", "on time", "so late", "well on time"] * 5
    labels = ["bad", "good"] * 10
    signature = Signature(
        (Feature("x0", "text", "object", nullable=False),),
        (Output("y0", "classification", ("bad", "good"), None, ("predict_proba", "predict")),),
        named=False,
        layout="texts",
    )
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels)
    return built(pipeline, signature, [{"x0": text} for text in texts[:4]])


@cache
def decision_function_only() -> BuiltModel:
    """A classifier that knows no probabilities."""
    table = flights()[["hour"]]
    signature = Signature(
        (number("hour", nullable=False),),
        (Output("y0", "classification", (False, True), True, ("decision_function", "predict")),),
    )
    machine = LinearSVC().fit(table, table["hour"] > 12)
    return built(machine, signature, json_rows(table.head(4)))


@cache
def all_kinds() -> BuiltModel:
    """A feature of each kind; only the number decides, so that any of the others may be anything."""
    features = (
        number("amount"),
        Feature("count", "integer", "int64", nullable=True),
        Feature("small", "integer", "int8", nullable=False),
        Feature("member", "boolean", "bool", nullable=False),
        category("plan", ("basic", "plus"), unknown="refuse", nullable=False),
        category("zone", (1, 2, 3), nullable=True),
        Feature("note", "text", "object", nullable=True, missing="none"),
        Feature("since", "datetime", "datetime64[ns]", nullable=True),
    )
    row = {
        "amount": 2.5,
        "count": 3,
        "small": 1,
        "member": True,
        "plan": "basic",
        "zone": 1,
        "note": "hello",
        "since": "2013-01-31T08:15:00Z",
    }
    outputs = (Output("y0", "classification", (0, 1), 1, ("predict_proba", "predict")),)
    return built(AmountDecides(), Signature(features, outputs), [row])


class AmountDecides(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Answers from the column `amount` alone, and takes any DataFrame that has it."""

    def predict(self, frame: pd.DataFrame) -> Any:
        return (self.predict_proba(frame)[:, 1] > 0.5).astype(int)

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        share = 1 / (1 + np.exp(-np.clip(frame["amount"].fillna(0).to_numpy(), -30, 30)))
        return np.column_stack([1 - share, share])


class Answering(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A regressor that answers what it is told to for each row: also NaN, or by raising."""

    def __init__(self, answer: Callable[[int], Any] = np.zeros) -> None:
        self.answer = answer

    def predict(self, rows: Any) -> Any:
        return self.answer(len(rows))


def answering(answer: Callable[[int], Any]) -> BuiltModel:
    signature = Signature((number("hour"),), (Output("y0", "regression"),))
    return built(Answering(answer), signature, [{"hour": 1.0}])


def flights() -> pd.DataFrame:
    """Delays (some missing), hours and carriers of invented flights, always the same."""
    draw = random()
    delay = draw.normal(10, 5, ROWS)
    delay[::10] = np.nan
    hours = draw.integers(5, 24, ROWS).astype(float)
    return pd.DataFrame({"delay": delay, "hour": hours, "carrier": draw.choice(CARRIERS, ROWS)})


def json_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _json_value(value) for name, value in row.items()} for row in table.to_dict("records")
    ]


def random() -> np.random.Generator:
    return np.random.default_rng(20130101)


def without(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def _json_value(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value
