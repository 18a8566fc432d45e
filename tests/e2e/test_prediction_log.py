"""As a new user would try it: serve the flights, tell what became of them, and ask how good the predictions were."""

import csv
import json
import math
import subprocess
import time
from pathlib import Path

import pytest
from sklearn.metrics import accuracy_score, log_loss, recall_score, roc_auc_score

FLIGHTS = Path(__file__).parents[2] / "var" / "samples" / "flights"
REQUESTS, ROWS = 60, 10
NOT_FEATURES = {"scheduled_at", "fold", "arrival"}
WAIT_S = 40

pytestmark = pytest.mark.skipif(
    not (FLIGHTS / "flights.pkl").exists(), reason="no flights: make var/samples/flights/flights.pkl"
)


@pytest.fixture(scope="module")
def flights():
    """Rows of the hold-out as a client sends them, and what became of each."""
    with (FLIGHTS / "flights-reference.csv").open() as file:
        held_out = [row for row in csv.DictReader(file) if row["fold"] == "holdout"][: REQUESTS * ROWS]
    rows = [
        {name: value_of(text) for name, text in row.items() if name not in NOT_FEATURES} for row in held_out
    ]
    return rows, [row["arrival"] for row in held_out]


@pytest.fixture
def service(installation):
    installation.environment |= {"PICKLEFLEET_SEAL_AGE_S": "1", "PICKLEFLEET_WORKERS": "2"}
    sample = FLIGHTS / "flights-sample.csv"
    return installation.start("up", FLIGHTS / "flights.pkl", "--sample", sample, "--name", "flights")


def value_of(text):
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def predict_all(service, rows):
    """The answers' rows, in order."""
    answered = []
    for start in range(0, len(rows), ROWS):
        status, answer = service.predict(rows[start : start + ROWS])
        assert status == 200, answer
        answered += answer["predictions"]
    return answered


def tell(service, predictions, truths):
    items = [
        {"prediction_id": one["prediction_id"], "actual": truth}
        for one, truth in zip(predictions, truths, strict=True)
    ]
    command = [
        "curl",
        "-s",
        f"{service.base}/api/v1/feedback",
        "-H",
        "Content-Type: application/json",
        "-d",
        "@-",
    ]
    done = subprocess.run(
        command, input=json.dumps({"items": items}), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def measured(installation, *arguments):
    return json.loads(installation.run("performance", *arguments, "--json").stdout)


def waited(look, wanted):
    """Until `look()` is what is wanted; returns it."""
    begun = time.monotonic()
    while (found := look()) != wanted and time.monotonic() - begun < WAIT_S:
        time.sleep(0.3)
    assert found == wanted
    return found


def test_performance_is_what_an_independent_calculation_says(service, installation, flights):
    rows, truths = flights
    answered = predict_all(service, rows)
    labelled = len(rows) // 2
    assert tell(service, answered[:labelled], truths[:labelled])["accepted"] == labelled

    def coverage():
        found = measured(installation)["coverage"]
        return found["seen"], found["labelled"]

    waited(coverage, (len(rows), labelled))
    found = measured(installation, "--segment", "origin")
    whole = next(one for one in found["measured"] if one["segment"] is None)

    said, true = [one["label"] for one in answered[:labelled]], truths[:labelled]
    late = [one["probabilities"]["late"] for one in answered[:labelled]]
    is_late = [truth == "late" for truth in true]
    expected = {
        "accuracy": accuracy_score(true, said),
        "recall": recall_score(true, said, pos_label="late"),
        "roc_auc": roc_auc_score(is_late, late),
        "log_loss": log_loss(is_late, late),
    }
    assert whole["positive"] == "late"
    for name, value in expected.items():
        figure = whole["figures"][name]
        assert math.isclose(figure["value"], value, rel_tol=1e-9), name
        assert figure["low"] <= value <= figure["high"]
        assert figure["n"] <= labelled
    segments = {one["segment"]: one["labels"]["rows"] for one in found["measured"] if one["segment"]}
    assert segments == {
        origin: sum(row["origin"] == origin for row in rows) for origin in ("EWR", "JFK", "LGA")
    }
    shown = installation.run("performance").stdout
    assert f"with a true value: {labelled}" in shown
    assert "ROC AUC" in shown


def test_a_stop_brings_home_what_is_not_yet_sealed(installation, flights):
    installation.environment["PICKLEFLEET_SEAL_AGE_S"] = "600"
    sample = FLIGHTS / "flights-sample.csv"
    service = installation.start("up", FLIGHTS / "flights.pkl", "--sample", sample, "--name", "flights")
    answered = predict_all(service, flights[0][:50])
    tell(service, answered, flights[1][:50])
    assert measured(installation)["coverage"]["seen"] == 0

    assert service.stop() == 0

    coverage = measured(installation)["coverage"]
    assert (coverage["seen"], coverage["labelled"]) == (50, 50)
