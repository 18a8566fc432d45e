import json

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from intake.golden import make_golden
from intake.infer import infer_signature
from intake.register import Request
from intake.unwrap import unwrap
from lifecycle import golden
from lifecycle.errors import ModelRefusedError, PicklefleetError
from lifecycle.golden_choice import MOST_ROWS
from lifecycle.model import Model
from lifecycle.verdict import Outcome

TABLE = pd.DataFrame({"fare": np.arange(60.0) + 100, "port": pd.Series(["C", "Q", "S"] * 20, dtype=object)})
LATE = np.where(TABLE["fare"] > 130, "late", "on time")


def fitted(handle_unknown="ignore"):
    encode = OneHotEncoder(handle_unknown=handle_unknown)
    prepare = ColumnTransformer([("n", SimpleImputer(), ["fare"]), ("c", encode, ["port"])])
    return make_pipeline(prepare, LogisticRegression(max_iter=5000)).fit(TABLE, LATE)


def model_of(estimator, sample=None):
    return Model("m", "v", "", infer_signature(unwrap(estimator), sample, Request("m.pkl", "m")), estimator)


def replayed(model, made):
    json.dumps(made.to_document(), allow_nan=False)
    return golden.replay(model, made).outcome


def test_without_a_sample_plausible_rows_are_made_with_every_category_and_missing_values():
    model = model_of(fitted())

    made = make_golden(model, None)

    assert made.origin == "registration"
    assert {"C", "Q", "S"} <= set(made.columns["port"])
    assert None in made.columns["fare"]
    assert pytest.approx(129.5) == next(fare for fare in made.columns["fare"] if fare is not None)
    assert replayed(model, made) is Outcome.PASSED


def test_strict_models_get_no_rows_that_they_would_refuse():
    made = make_golden(model_of(fitted("error")), None)

    assert set(made.columns["port"]) == {"C", "Q", "S"}


def test_a_text_model_gets_texts():
    estimator = make_pipeline(CountVectorizer(), LogisticRegression()).fit(
        ["late", "on time"] * 5, [1, 0] * 5
    )

    assert set(make_golden(model_of(estimator), None).columns["text"]) == {"a typical text"}


def test_at_most_fifty_rows_are_taken_and_those_with_missing_values_are_among_them():
    fares = [None if row == 87 else str(row) for row in range(200)]
    sample = pd.DataFrame({"fare": fares, "port": ["C"] * 200, "target": ["late"] * 200}, dtype=object)
    model = model_of(fitted(), sample)

    made = make_golden(model, sample)

    assert made.rows == MOST_ROWS == len(made.columns["fare"])
    assert made.columns["fare"].count(None) == 1
    assert made.columns["fare"][0] == 0
    assert max(fare for fare in made.columns["fare"] if fare is not None) > 190


def test_rows_outside_the_signature_are_left_out():
    sample = pd.DataFrame({"fare": ["1", "2"], "port": ["C", "Z"]}, dtype=object)
    model = model_of(fitted("error"), sample)

    assert make_golden(model, sample).columns == {"fare": [1], "port": ["C"]}


def told(estimator, change=0.0, rows=30):
    table = TABLE.head(rows)
    shares = estimator.predict_proba(table)[:, 0] + change
    return pd.DataFrame(
        {
            "fare": table["fare"].map(repr),
            "port": table["port"],
            "expected_label": estimator.predict(table),
            "expected_probability:late": [repr(float(share)) for share in shares],
        }
    )


def test_expected_columns_are_the_makers_answers():
    estimator = fitted()
    sample = told(estimator)
    model = model_of(estimator, sample)

    made = make_golden(model, sample)

    assert (made.origin, made.rows) == ("maker", 30)
    assert made.answers[0].labels == estimator.predict(TABLE.head(30)).tolist()
    assert np.allclose(made.answers[0].probabilities, estimator.predict_proba(TABLE.head(30)), rtol=1e-12)
    assert replayed(model, made) is Outcome.PASSED


def test_a_model_that_answers_otherwise_than_its_maker_says_is_refused():
    estimator = fitted()
    sample = told(estimator, change=1e-6)

    with pytest.raises(
        ModelRefusedError, match=r"does not give its maker's answers here. Output 'y': probabilities"
    ):
        make_golden(model_of(estimator, sample), sample)


def test_rows_without_all_expected_answers_are_left_out():
    estimator = fitted()
    sample = told(estimator)
    sample.loc[3, "expected_label"] = None

    assert make_golden(model_of(estimator, sample), sample).rows == 29


def test_expected_values_are_read_for_numbers():
    estimator = LinearRegression().fit(TABLE[["fare"]], TABLE["fare"] * 2)
    sample = pd.DataFrame(
        {
            "fare": ["2.5"],
            "expected_value": [repr(float(estimator.predict(pd.DataFrame({"fare": [2.5]}))[0]))],
        }
    )

    made = make_golden(model_of(estimator, sample), sample)

    assert made.answers[0].values == pytest.approx([5.0])
    assert made.origin == "maker"


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("expected_label", "early", "the model has no label 'early'"),
        ("expected_probability:late", "high", "holds more than numbers"),
        ("expected_label", None, "No row of the sample has all of its expected answers"),
    ],
)
def test_expected_answers_that_make_no_sense_are_refused(column, cell, message):
    sample = told(fitted(), rows=1)
    sample[column] = pd.Series([cell], dtype=object)

    with pytest.raises(PicklefleetError, match=message):
        make_golden(model_of(fitted(), sample), sample)
