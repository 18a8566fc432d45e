"""A demonstration model from real flights: will this one arrive more than 15 minutes late?

Trained on 1 January to 15 March 2013; what comes later is held back, so that drift and retraining have
something true to find. Everything here is what a data-science team would do and hand over.
"""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import mean_absolute_error, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from samples.nycflights import read_flights

CATEGORIES = ["carrier", "origin", "dest", "engine"]
NUMBERS = [
    *("weekday", "hour", "minute", "distance", "temp", "dewp", "humid", "wind_dir", "wind_speed"),
    *("wind_gust", "precip", "pressure", "visib", "plane_year", "engines", "seats"),
]
FEATURES = [*CATEGORIES, *NUMBERS]
TRAIN_UNTIL = "2013-03-16"
REFERENCE_UNTIL = "2013-04-01"
LATE_MINUTES = 15
SAMPLE_ROWS = 300


@dataclass(frozen=True, slots=True)
class Made:
    """The files of one model, its hold-out score (AUC, or minutes of mean absolute error), and their rows."""

    model: Path
    reference: Path
    sample: Path
    later: Path | None
    target: str
    score_name: str
    score: float
    rows: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a flight: the name of its files, the target column, and the estimator."""

    stem: str
    target: str
    score_name: str
    estimator: Any


LATE = Question("flights", "arrival", "ROC AUC", LogisticRegression(max_iter=500))
MINUTES = Question("flights-delay", "arrival_delay", "mean absolute error (minutes)", Ridge())


def make(out: Path, *, regression: bool = False, later: bool = False) -> Made:
    """Write model, reference and sample below `out`; the same bytes every time in one environment."""
    question = MINUTES if regression else LATE
    flights = with_targets(read_flights())
    labelled = flights[flights[question.target].notna()]
    reference = with_fold(labelled[labelled["date"] < REFERENCE_UNTIL])
    train, holdout = (reference[reference["fold"] == fold] for fold in ("train", "holdout"))
    pipeline = fit(question, train)
    out.mkdir(parents=True, exist_ok=True)
    return Made(
        write_model(pipeline, out / f"{question.stem}.pkl"),
        write_csv(
            reference[["scheduled_at", "fold", *FEATURES, question.target]], out, "reference", question
        ),
        write_csv(reference.sample(SAMPLE_ROWS, random_state=0)[FEATURES], out, "sample", question),
        write_later(flights, out, question) if later else None,
        question.target,
        question.score_name,
        score(question, pipeline, holdout),
        len(reference),
    )


def with_targets(flights: pd.DataFrame) -> pd.DataFrame:
    """Add both targets; a cancelled or diverted flight has neither."""
    delay = flights["arr_delay"]
    words = delay.gt(LATE_MINUTES).map({True: "late", False: "on time"}).where(delay.notna())
    return flights.assign(arrival=words, arrival_delay=delay.astype("Int64"))


def with_fold(reference: pd.DataFrame) -> pd.DataFrame:
    train = reference["date"] < TRAIN_UNTIL
    return reference.assign(fold=train.map({True: "train", False: "holdout"}))


def fit(question: Question, train: pd.DataFrame) -> Pipeline:
    """One thread, because sums that are split over threads differ in their last bits."""
    with threadpool_limits(1):
        return pipeline_for(question).fit(inputs(train), train[question.target].to_numpy())


def pipeline_for(question: Question) -> Pipeline:
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="unknown"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=50),
    )
    prepare = ColumnTransformer([("categories", categories, CATEGORIES), ("numbers", numbers, NUMBERS)])
    return Pipeline([("prepare", prepare), ("model", question.estimator)])


def inputs(flights: pd.DataFrame) -> pd.DataFrame:
    """The features as a notebook would have them: numbers as floats, texts as objects, missing as NaN."""
    return flights[FEATURES].astype(
        {**dict.fromkeys(NUMBERS, "float64"), **dict.fromkeys(CATEGORIES, object)}
    )


def score(question: Question, pipeline: Pipeline, holdout: pd.DataFrame) -> float:
    if question is MINUTES:
        return float(mean_absolute_error(holdout[question.target], pipeline.predict(inputs(holdout))))
    late = pipeline.predict_proba(inputs(holdout))[:, list(pipeline.classes_).index("late")]
    return float(roc_auc_score(holdout[question.target] == "late", late))


def write_model(pipeline: Pipeline, path: Path) -> Path:
    with path.open("wb") as file:
        pickle.dump(pipeline, file)
    return path


def write_csv(rows: pd.DataFrame, out: Path, part: str, question: Question) -> Path:
    path = out / f"{question.stem}-{part}.csv"
    rows.to_csv(path, index=False)
    return path


def write_later(flights: pd.DataFrame, out: Path, question: Question) -> Path:
    """April to December with what became of each flight (empty where it never arrived), for replays."""
    rows = flights[flights["date"] >= REFERENCE_UNTIL][["scheduled_at", *FEATURES, question.target]]
    path = out / f"{question.stem}-later.csv.gz"
    rows.to_csv(path, index=False, compression={"method": "gzip", "compresslevel": 4, "mtime": 0})
    return path
