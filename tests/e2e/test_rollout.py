"""A rollout as a person walks it, with a real service and real traffic: a worse version goes back, an equal one passes."""

import http.client
import json
import random
import threading
import time
from contextlib import closing

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from tests.prove import walker_kills
from tests.prove.small_model import NAMES, ROWS

WAIT_S = 420
KILLED_WRITES = 2  # of each of two walks, each before and after; all of them in `make prove`
PLAN = "steps: [{share: 50%, min_requests: 100, min_minutes: 0, max_minutes: 600}]"


def fitted(shift=0.0, iterations=200):
    """`shift` moves every score; another number of iterations makes other bytes of the same answers."""
    frame = pd.DataFrame(ROWS, columns=list(NAMES))
    model = LogisticRegression(max_iter=iterations).fit(frame, frame["wind"] > 3)
    model.intercept_ = model.intercept_ + shift
    return model


class Callers:
    """Two clients that ask for one prediction after the other, and keep what was answered by which version."""

    def __init__(self, port):
        self.answered, self.failed = [], []
        self._port, self._stop = port, threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(2)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self, number):
        choice = random.Random(number)  # noqa: S311 - a test's choice
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)) as connection:
            while not self._stop.wait(0.04):
                self._once(connection, [choice.choice(ROWS)])

    def _once(self, connection, rows):
        body = json.dumps({"instances": rows})
        connection.request("POST", "/api/v1/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        document = json.loads(answer.read())
        if answer.status == 200:
            self.answered.append(document["model"]["version"])
        else:
            self.failed.append((answer.status, document))


@pytest.fixture
def service(installation, hand_over):
    """v1 is champion and answers; v2 shifts every score, v3 answers as v1 does."""
    installation.run("trust", "init")
    models = (fitted(), fitted(shift=30.0), fitted(iterations=201))
    for number, model in enumerate(models, start=1):
        installation.run("register", hand_over(model, f"model-{number}.pkl"), "--name", "small")
        installation.run("approve", f"v{number}")
    installation.run("promote", "v1")
    return installation.start("serve")


def walk(installation, version, plan, exit_code):
    """The walker in the foreground, as an operator runs it."""
    done = installation.run("rollout", "start", version, "--plan", plan, check=False, timeout=WAIT_S)
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(1800)
def test_a_shifted_version_goes_back_and_an_equal_one_is_promoted(installation, service, tmp_path):
    plan = tmp_path / "canary.yaml"
    plan.write_text(PLAN)
    with Callers(int(service.base.rsplit(":", 1)[1])) as callers:
        told = walk(installation, "v2", plan, 1)
        assert "Ended: back. Scores differ" in told
        assert "v2" in set(callers.answered)

        told = walk(installation, "v3", plan, 0)
        assert "Ended: promoted" in told
        time.sleep(10)  # on every machine within ten seconds
        seen = len(callers.answered)
        time.sleep(2)

    assert set(callers.answered[seen:]) == {"v3"}
    assert callers.failed == []
    events = json.loads(installation.run("rollout", "status", "--json").stdout)["events"]
    assert [event["what"] for event in events] == ["entered", "promoted"]
    assert events[-1]["evidence"]["outcome"] == "passed"


@pytest.mark.timeout(900)
def test_walkers_killed_at_their_writes_and_two_at_once_leave_planned_policies_only(tmp_path):
    result = walker_kills.walker_kills(tmp_path / "walks", KILLED_WRITES, 20130101)

    assert walker_kills.passed(result), result
