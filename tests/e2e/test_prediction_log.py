"""As a new user would try it: serve the flights, tell what became of them, and ask how good the predictions were."""

import json
import math
import subprocess
import time

import pytest
from sklearn.metrics import accuracy_score, log_loss, recall_score, roc_auc_score

from tests.prove import full_disk, full_spool, kills, store_faults, stuck_store
from tests.prove.flights import labelled_flights, model_files

ROWS = 10
WAIT_S = 40
KILLS = 5


@pytest.fixture(scope="module")
def flights():
    """Rows of the hold-out as a client sends them, and what became of each."""
    model_files()
    return labelled_flights()


@pytest.fixture
def start(installation):
    def run(seal_age_s):
        model, sample = model_files()
        installation.environment |= {"PICKLEFLEET_SEAL_AGE_S": seal_age_s, "PICKLEFLEET_WORKERS": "2"}
        return installation.start("up", model, "--sample", sample, "--name", "flights")

    return run


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


def test_performance_is_what_an_independent_calculation_says(start, installation, flights):
    rows, truths = flights
    service = start("1")
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


def test_a_stop_brings_home_what_is_not_yet_sealed(start, installation, flights):
    service = start("600")
    answered = predict_all(service, flights[0][:50])
    tell(service, answered, flights[1][:50])
    assert measured(installation)["coverage"]["seen"] == 0

    assert service.stop() == 0

    coverage = measured(installation)["coverage"]
    assert (coverage["seen"], coverage["labelled"]) == (50, 50)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("experiment", [kills.worker_kills, kills.agent_kills])
def test_what_was_acknowledged_is_stored_once_whoever_is_killed(tmp_path, experiment):
    result = experiment(tmp_path, KILLS, seed=7)

    assert kills.passed(result), result


@pytest.mark.timeout(300)
def test_predictions_and_records_outlive_every_failure_of_the_store(tmp_path):
    result = store_faults.store_faults(tmp_path, rounds=1, seed=7)

    assert store_faults.passed(result), result


@pytest.mark.timeout(300)
def test_two_machines_ship_to_one_store_at_once(tmp_path):
    result = store_faults.two_machines(tmp_path, seconds=5, seed=7)

    assert kills.passed(result), result
    assert all(result["figure"]["machines"])


def test_a_full_spool_costs_records_that_are_counted_and_no_answer(tmp_path):
    result = full_spool.full_spool(tmp_path, seconds=12, seed=7)

    assert full_spool.passed(result), result


def test_a_full_disk_costs_records_that_are_counted_and_no_answer(tmp_path):
    result = full_disk.full_disk(tmp_path, seconds=12, seed=7)

    assert full_disk.passed(result), result


@pytest.mark.timeout(300)
def test_an_upload_that_the_store_never_answers_does_not_hold_the_others(tmp_path):
    result = stuck_store.stuck_store(tmp_path, rounds=1, seed=7)

    assert stuck_store.passed(result), result
