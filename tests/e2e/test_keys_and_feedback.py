"""Where others can reach the service: no answer without a key, feedback by its owner, a revoked key ends in time."""

import csv
import json
import time
import urllib.request

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

MAX_REVOKE_S = 60


@pytest.fixture
def service(installation, hand_over):
    frame, truth = load_iris(return_X_y=True, as_frame=True)
    installation.environment["PICKLEFLEET_API_KEYS"] = "on"
    installation.environment["PICKLEFLEET_AGENT_POLL_S"] = "5"  # the default
    return installation.start("up", hand_over(LogisticRegression(max_iter=500).fit(frame, truth)))


@pytest.fixture
def keys(installation):
    def run(*arguments):
        return json.loads(installation.run("keys", *arguments, "--json").stdout)

    return run


def call(service, path, key=None, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    return service._send(urllib.request.Request(service.base + path, data, headers))


def waited(predicate, limit_s):
    begun = time.monotonic()
    while time.monotonic() - begun < limit_s:
        if predicate():
            return time.monotonic() - begun
        time.sleep(0.1)
    raise AssertionError(f"Not within {limit_s} s.")


def test_a_key_from_its_making_to_its_end(service, installation, keys):
    made = keys("create", "--owner", "shop", "--scope", "predict", "--scope", "feedback", "--scope", "read")
    key, rows = made["key"], {"instances": [dict.fromkeys(load_iris(as_frame=True).data.columns, 1.0)]}
    assert call(service, "/api/v1/predict", body=rows)[0] == 401
    waited(lambda: call(service, "/api/v1/models", key)[0] == 200, MAX_REVOKE_S)

    status, answer = call(service, "/api/v1/predict", key, rows)
    assert status == 200
    prediction_id = answer["predictions"][0]["prediction_id"]
    items = {"items": [{"prediction_id": prediction_id, "actual": 0}, {"prediction_id": "x", "actual": 0}]}
    status, answer = call(service, "/api/v1/feedback", key, items)
    assert (status, answer["accepted"], answer["refused"]) == (200, 1, 1)

    labels = installation.folder / "labels.csv"
    with labels.open("w", newline="") as file:
        csv.writer(file).writerows([["prediction_id", "actual"], [prediction_id, "0.0"]])
    assert "Recorded 1" in installation.run("feedback", "import", labels, "--owner", "shop").stdout

    keys("revoke", made["key_id"])
    waited(lambda: call(service, "/api/v1/predict", key, rows)[0] == 401, MAX_REVOKE_S)
    assert key.split("_")[2] not in service.log.read_text()


def test_the_greeting_tells_how_to_make_a_key(service):
    waited(lambda: "picklefleet keys create --owner" in service.log.read_text(), 10)
