"""What data scientists hand over is served unchanged, and answers what the estimator answers, to the last bit."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris, make_regression
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FRAME = pd.DataFrame(
    {
        "carrier": ["AA", "UA", "B6", "AA", None, "UA"] * 20,
        "distance": np.linspace(100, 2000, 120),
        "wind": [5.0, None, 12.5, 3.0, 8.0, 1.0] * 20,
    }
)
LATE = np.where(FRAME["distance"] + FRAME["wind"].fillna(0) * 20 > 1200, "late", "on time")


@pytest.fixture(scope="module")
def flights_pipeline():
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    prepared = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["carrier"]), (numbers, ["distance", "wind"])
    )
    return make_pipeline(prepared, LogisticRegression()).fit(FRAME, LATE)


def served_probabilities(service, rows):
    status, answer = service.predict(rows)
    assert status == 200, answer
    return [list(row["probabilities"].values()) for row in answer["predictions"]], answer


def test_a_column_transformer_pipeline_fitted_on_a_frame(installation, hand_over, flights_pipeline):
    service = installation.start("up", hand_over(flights_pipeline), "--name", "flights")
    rows = [{"carrier": "AA", "distance": 512.5, "wind": None}, {"carrier": None, "distance": 3, "wind": 4.5}]

    probabilities, answer = served_probabilities(service, rows)

    frame = pd.DataFrame(rows).astype({"carrier": object, "distance": float, "wind": float})
    assert probabilities == flights_pipeline.predict_proba(frame).tolist()
    assert [row["label"] for row in answer["predictions"]] == flights_pipeline.predict(frame).tolist()
    assert answer["model"] == {"name": "flights", "version": "v1"}


def test_a_bare_estimator_fitted_on_an_array(installation, hand_over):
    points, truth = load_iris(return_X_y=True)
    estimator = RandomForestClassifier(20, random_state=0).fit(points, truth)
    service = installation.start("up", hand_over(estimator))

    by_name, _ = served_probabilities(
        service, [dict(zip(["x0", "x1", "x2", "x3"], points[60].tolist(), strict=True))]
    )
    as_array, _ = served_probabilities(service, [points[60].tolist()])

    assert by_name == as_array == estimator.predict_proba(points[60:61]).tolist()


def test_a_bare_estimator_takes_its_names_from_a_sample(installation, hand_over, tmp_path):
    points, truth = load_iris(return_X_y=True)
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    estimator = RandomForestClassifier(20, random_state=0).fit(points, truth)
    sample = tmp_path / "sample.csv"
    pd.DataFrame(points[:30], columns=names).to_csv(sample, index=False)
    service = installation.start("up", hand_over(estimator), "--sample", sample)

    probabilities, _ = served_probabilities(service, [dict(zip(names, points[60].tolist(), strict=True))])

    assert probabilities == estimator.predict_proba(points[60:61]).tolist()


def test_a_regressor(installation, hand_over):
    frame, target = load_diabetes(return_X_y=True, as_frame=True)
    estimator = make_pipeline(StandardScaler(), Ridge()).fit(frame, target)
    service = installation.start("up", hand_over(estimator))

    status, answer = service.predict(frame.iloc[:3].to_dict("records"))

    assert status == 200, answer
    assert [row["value"] for row in answer["predictions"]] == estimator.predict(frame.iloc[:3]).tolist()


def test_a_multi_class_classifier_with_text_labels(installation, hand_over):
    frame, truth = load_iris(return_X_y=True, as_frame=True)
    names = np.array(["setosa", "versicolor", "virginica"])[truth]
    estimator = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(frame, names)
    service = installation.start("up", hand_over(estimator))

    _, answer = served_probabilities(service, frame.iloc[[0, 60, 120]].to_dict("records"))

    expected = estimator.predict_proba(frame.iloc[[0, 60, 120]])
    assert [row["label"] for row in answer["predictions"]] == ["setosa", "versicolor", "virginica"]
    for row, shares in zip(answer["predictions"], expected, strict=True):
        assert row["probabilities"] == dict(zip(estimator.classes_.tolist(), shares.tolist(), strict=True))


def test_a_multi_output_regressor(installation, hand_over):
    points, targets = make_regression(n_samples=80, n_features=3, n_targets=2, random_state=0)
    estimator = LinearRegression().fit(points, targets)
    service = installation.start("up", hand_over(estimator))

    status, answer = service.predict([points[0].tolist()])

    assert status == 200, answer
    expected = estimator.predict(points[:1])[0].tolist()
    assert answer["predictions"][0]["value"] == {"y0": expected[0], "y1": expected[1]}


def test_a_text_pipeline(installation, hand_over):
    texts = ["great crew, on time", "lost my bag", "late again", "smooth flight"] * 5
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(
        texts, ["good", "bad", "bad", "good"] * 5
    )
    service = installation.start("up", hand_over(estimator))

    probabilities, _ = served_probabilities(service, [{"text": "late flight"}])

    assert probabilities == estimator.predict_proba(["late flight"]).tolist()


@pytest.mark.parametrize("compress", [0, 3, ("lzma", 3)])
def test_a_joblib_dump(installation, tmp_path, flights_pipeline, compress):
    path = tmp_path / "model.joblib"
    joblib.dump(flights_pipeline, path, compress=compress)
    service = installation.start("up", path)

    probabilities, _ = served_probabilities(service, [{"carrier": "AA", "distance": 512.5, "wind": 1.0}])

    assert (
        probabilities
        == flights_pipeline.predict_proba(FRAME.iloc[:1].assign(distance=512.5, wind=1.0)).tolist()
    )


def test_a_bundle_of_a_model_and_its_features(installation, hand_over):
    points, truth = load_iris(return_X_y=True)
    estimator = LogisticRegression(max_iter=500).fit(points, truth)
    path = hand_over({"model": estimator, "features": ["a", "b", "c", "d"], "author": "somebody"})
    service = installation.start("up", path)

    probabilities, _ = served_probabilities(service, [dict(zip("abcd", points[0].tolist(), strict=True))])

    assert probabilities == estimator.predict_proba(points[:1]).tolist()
