"""The demonstration model is built once, from the real data (about ten seconds)."""

import pickle
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.pipeline import Pipeline

from lifecycle.errors import PicklefleetError
from samples.__main__ import main
from samples.flights import FEATURES, LATE, SAMPLE_ROWS, Made, fit, make, with_fold, with_targets
from samples.nycflights import data_folder, with_times

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("flights"))


@pytest.fixture(scope="module")
def reference(made: Made) -> pd.DataFrame:
    return pd.read_csv(made.reference)


def test_the_model_is_a_plain_pickle_of_a_pipeline(made):
    pipeline = pickle.loads(made.model.read_bytes())

    assert isinstance(pipeline, Pipeline)
    assert pipeline.classes_.tolist() == ["late", "on time"]
    assert made.model.stat().st_size < 20_000


def test_the_holdout_score_is_what_is_known_of_this_data_out_of_time(made):
    assert 0.69 < made.score < 0.71


def test_the_holdout_is_the_second_half_of_march(reference):
    local_days = (
        pd.to_datetime(reference["scheduled_at"]).dt.tz_convert("America/New_York").dt.date.astype(str)
    )

    assert local_days[reference["fold"] == "holdout"].min() == "2013-03-16"
    assert local_days[reference["fold"] == "holdout"].max() == "2013-03-31"
    assert local_days[reference["fold"] == "train"].max() == "2013-03-15"
    assert local_days.min() == "2013-01-01"


def test_every_reference_row_has_its_answer_and_every_feature(reference):
    assert {"late", "on time"} == set(reference["arrival"])
    assert ["scheduled_at", "fold", *FEATURES, "arrival"] == list(reference.columns)


def test_the_reference_has_missing_values_in_numbers_and_categories(reference):
    assert reference["wind_gust"].isna().any()
    assert reference["engine"].isna().any()


def test_the_sample_has_the_features_and_no_answer(made):
    sample = pd.read_csv(made.sample)

    assert list(sample.columns) == FEATURES
    assert len(sample) == SAMPLE_ROWS


def test_fitting_twice_gives_the_same_bytes(reference):
    train = reference[reference["fold"] == "train"].head(5_000)

    assert pickle.dumps(fit(LATE, train)) == pickle.dumps(fit(LATE, train))


def test_late_means_more_than_fifteen_minutes_and_a_cancelled_flight_has_no_answer():
    flights = with_targets(pd.DataFrame({"arr_delay": [15.0, 16.0, -3.0, None]}))

    assert flights["arrival"].tolist()[:3] == ["on time", "late", "on time"]
    assert flights["arrival"].isna().tolist() == [False, False, False, True]
    assert flights["arrival_delay"].isna().tolist() == [False, False, False, True]


def test_the_fold_changes_on_16_march():
    days = pd.DataFrame({"date": pd.to_datetime(["2013-03-15", "2013-03-16"])})

    assert with_fold(days)["fold"].tolist() == ["train", "holdout"]


def test_the_scheduled_time_is_universal_and_orders_the_flights():
    flights = pd.DataFrame(
        {
            "year": [2013, 2013], "month": [1, 1], "day": [1, 1], "minute": [15, 5],
            "time_hour": ["2013-01-01T10:00:00Z", "2013-01-01T10:00:00Z"],
            "carrier": ["UA", "B6"], "flight": [1, 2], "origin": ["EWR", "JFK"],
        }
    )  # fmt: skip

    timed = with_times(flights)

    assert timed["scheduled_at"].tolist() == ["2013-01-01T10:05:00Z", "2013-01-01T10:15:00Z"]
    assert timed["weekday"].tolist() == [2, 2]


def test_the_regression_twin_and_the_later_months_come_by_flags(tmp_path: Path):
    done = CliRunner().invoke(main, ["flights", "--out", str(tmp_path), "--regression", "--later"])

    later = pd.read_csv(tmp_path / "flights-delay-later.csv.gz")
    assert done.exit_code == 0, done.output
    assert "mean absolute error" in done.output
    assert later["scheduled_at"].max()[:10] == "2014-01-01"  # 31 December in New York
    assert later["arrival_delay"].isna().any()
    assert later["scheduled_at"].min()[:10] == "2013-04-01"


def test_without_the_data_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("sys.path", [])

    with pytest.raises(PicklefleetError, match=r"pip install .* -r samples/requirements.txt"):
        data_folder()
