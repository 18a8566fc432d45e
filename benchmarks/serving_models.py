"""What is served: three pipelines over twenty columns, rows that vary, and how they are asked."""

from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = [f"number_{index}" for index in range(15)]
KINDS = [f"kind_{index}" for index in range(5)]
FINALS: dict[str, Callable[[], Any]] = {
    "logreg": lambda: LogisticRegression(max_iter=300),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=100, random_state=0),
    "forest": lambda: RandomForestClassifier(200, min_samples_leaf=20, n_jobs=1, random_state=0),
}


def fitted(final: str, table: pd.DataFrame) -> Pipeline:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    kinds = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    prepare = ColumnTransformer([("numbers", numbers, NUMBERS), ("kinds", kinds, KINDS)])
    return make_pipeline(prepare, FINALS[final]()).fit(table.drop(columns="late"), table["late"])


def flights(rows: int) -> pd.DataFrame:
    draw = np.random.default_rng(7)
    table = pd.DataFrame(draw.normal(size=(rows, len(NUMBERS))), columns=NUMBERS)
    table = table.mask(draw.random(table.shape) < 0.05)
    for index, name in enumerate(KINDS):
        table[name] = pd.Series(
            draw.choice([f"{letter}{index}" for letter in "abcdefgh"], rows), dtype=object
        )
    score = table["number_0"].fillna(0) + (table["kind_0"] < "c") + draw.normal(size=rows) / 2
    return table.assign(late=np.where(score > 0.3, "late", "on time"))


def varied(table: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed + 1_000_000)
    frame = table.drop(columns="late").iloc[draw.integers(0, len(table), rows)].reset_index(drop=True)
    frame[NUMBERS] += draw.normal(size=(rows, len(NUMBERS))) / 10
    return frame


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def in_columns(frame: pd.DataFrame) -> bytes:
    rows = json_rows(frame)
    return orjson.dumps({"columns": {name: [row[name] for row in rows] for name in frame.columns}})


def in_rows(frame: pd.DataFrame) -> bytes:
    return orjson.dumps({"instances": json_rows(frame)})
