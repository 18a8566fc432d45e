"""A model of two outputs, from its first request over true values of both to its challenger; one must not pay for the other."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier

from lifecycle.clock import timestamp

DAYS, REQUESTS_A_DAY, ROWS = 10, 2, 80
SPOILING = """
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier


def fit(X, y, seed):
    spoiled = np.column_stack([y[:, 0], np.random.default_rng(seed).permutation(y[:, 1])])
    return MultiOutputClassifier(LogisticRegression()).fit(X, spoiled)
"""


def world(rows, seed):
    """Flights, whether each is late, and whether its passengers miss what comes after."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"delay": random.normal(10, 5, rows), "gap": random.uniform(20, 120, rows)})
    late = frame["delay"] + random.normal(0, 3, rows) > 12
    missed = frame["gap"] - frame["delay"] + random.normal(0, 10, rows) < 50
    return frame, np.column_stack([np.where(late, "late", "on time"), np.where(missed, "missed", "caught")])


@pytest.fixture
def champion(installation, hand_over, tmp_path):
    """Registered with the labelled reference of both outputs, served, and asked for ten days."""
    frame, truth = world(2600, 1)
    day = np.arange(2600) // 130
    model = MultiOutputClassifier(LogisticRegression()).fit(frame[day < 14], truth[day < 14])
    reference = frame.assign(
        arrival=truth[:, 0],
        connection=truth[:, 1],
        at=[timestamp(datetime.now(UTC) - timedelta(days=40 - int(one))) for one in day],
        fold=np.where(day < 14, "train", "holdout"),
    )
    reference.to_csv(tmp_path / "reference.csv", index=False)
    installation.run("trust", "init")
    installation.run(
        "register", hand_over(model), "--name", "connections", "--outputs", "arrival,connection",
        "--reference", tmp_path / "reference.csv", "--target", "arrival,connection", "--time", "at", "--fold", "fold",
    )  # fmt: skip
    installation.run("approve", "v1")
    installation.run("promote", "v1")
    service = installation.start("serve", PICKLEFLEET_REPLAY="1")
    serve(service)
    service.stop()
    return installation


def serve(service):
    for day in range(DAYS):
        at = {"X-Replay-Time": timestamp(datetime.now(UTC) - timedelta(days=DAYS + 1 - day))}
        for number in range(REQUESTS_A_DAY):
            frame, truth = world(ROWS, 100 + day * REQUESTS_A_DAY + number)
            status, answer = service.post("/api/v1/predict", {"instances": frame.to_dict("records")}, at)
            assert status == 200, answer
            assert set(answer["predictions"][0]["label"]) == {"arrival", "connection"}
            items = [
                {
                    "prediction_id": row["prediction_id"],
                    "actual": {"arrival": arrival, "connection": connection},
                }
                for row, (arrival, connection) in zip(answer["predictions"], truth.tolist(), strict=True)
            ]
            status, answer = service.post("/api/v1/feedback", {"items": items})
            assert (status, answer["accepted"]) == (200, ROWS)


def retrained(installation, as_of, *options, code):
    """As a pipeline asks for it and runs it; the card of what came of it."""

    def command(*arguments, expected=0):
        allowed = {"PICKLEFLEET_REPLAY": "1", "PICKLEFLEET_RETRAIN_ANSWER_CHANGE": "100"}
        done = installation.run("retrain", *arguments, check=False, **allowed)
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout

    moment = timestamp(as_of)
    command("request", "--reason", "a pipeline asks", "--as-of", moment)
    outcome = json.loads(command("run", "--as-of", moment, *options, "--json", expected=code))["outcome"]
    return outcome, json.loads(command("show", outcome["version"], "--json"))


@pytest.mark.timeout(300)
def test_each_output_is_compared_and_none_pays_for_another(champion, tmp_path):
    today = datetime.now(UTC) + timedelta(hours=1)
    outcome, card = retrained(champion, today, code=0)

    assert outcome["result"] == "blessed"
    (other,) = card["comparison"]["beside"]
    assert (other["output"], other["metric"]) == ("connection", card["comparison"]["metric"])
    assert other["newest"]["rows"] == card["data"]["compare_rows"] >= 500

    recipe = tmp_path / "recipe.py"
    recipe.write_text(SPOILING)
    outcome, _ = retrained(champion, today + timedelta(days=8), "--recipe", recipe, code=5)

    assert outcome["result"] == "not-blessed"
    assert len(outcome["reasons"]) == 2
    assert all(reason.startswith("Output connection: ") for reason in outcome["reasons"]), outcome["reasons"]
