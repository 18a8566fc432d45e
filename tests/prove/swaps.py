"""Champion → challenger and back under load: nobody is refused, and every answer is that of the version it names."""

import http.client
import json
import os
import pickle
import signal
import threading
import time
import urllib.request
from dataclasses import dataclass, field

import pandas as pd

from lifecycle.adapters.opening import open_registry
from lifecycle.machine import MachineDirectory, Serving
from lifecycle.policy import VersionRef
from lifecycle.policy_journal import PolicyJournal
from lifecycle.settings import load
from lifecycle.signing import load_signing_key, load_trust
from lifecycle.web_processes import living
from tests.prove.machine import Machine
from tests.prove.small_model import NAMES, ROWS, write_model

RENAMING = "tests.prove.renaming_wsgi:app"
FULL, REDUCED = 1000, 700  # requests for each swap
STRENGTHS = {"v1": 1.0, "v2": 0.001}
RECYCLED_EVERY = 10
PATIENCE_S = 180


def swaps(folder, count, seed):
    """100 swaps and 100,000 requests at full count. The twins are as long as CI's."""
    requests = FULL if count >= 100 else REDUCED
    return {
        "figure": _run(folder / "real", count, requests, _by_policy),
        "negative_control": {
            "renamed_before_it_is_loaded": _run(
                folder / "renaming", 3, 100, _by_policy, application=RENAMING
            ),
            "workers_killed_to_swap": _run(folder / "killing", 3, 100, _by_killing),
        },
    }


def passed(result):
    """Nobody failed, every answer was its version's, nobody answered by an old policy; and each twin was caught."""
    figure, twins = result["figure"], result["negative_control"]
    sound = figure["failed"] == figure["wrong"] == figure["stale"] == 0 and figure["recycled"] >= 2
    sound = sound and figure["served_without_store"]
    caught = (
        twins["renamed_before_it_is_loaded"]["wrong"] > 0 and twins["workers_killed_to_swap"]["failed"] > 0
    )
    return sound and caught and figure["requests"] >= figure["swaps"] * REDUCED


def rollback(folder, count, seed):
    """Two machines with the default pause of their agents; each rollback until the last of both answers by it."""
    fleet = Fleet(folder, machines=2, AGENT_POLL_S="5")
    try:
        fleet.start()
        seconds = []
        for number in range(count):
            fleet.follow(fleet.promote("v2" if number % 2 == 0 else "v1"))
            time.sleep(number % 5)  # at every phase of the agents' pauses
            begun = time.monotonic()
            fleet.follow(fleet.roll_back())
            seconds.append(time.monotonic() - begun)
    finally:
        fleet.stop()
    return {"figure": {"rollbacks": count, "machines": 2, "slowest_s": round(max(seconds), 2)}}


def rolled_back_in_time(result):
    return result["figure"]["slowest_s"] <= 10


class Fleet:
    """Machines on one store, with two versions that answer differently, v1 being champion."""

    def __init__(self, folder, *, machines=1, application="webapp.wsgi:app", **settings):
        store = {"STORE": str(folder / "store"), "KEYS_DIR": str(folder / "keys")} | settings
        environment = {f"PICKLEFLEET_{name}": text for name, text in store.items()}
        self.machines = [
            Machine(folder / f"machine{number}", environment, application=application)
            for number in range(machines)
        ]
        first = self.machines[0]
        first.run("trust", "init")
        self.tables = {}
        for version, strength in STRENGTHS.items():
            path = write_model(folder / version, C=strength)
            first.run("register", path, "--name", "small")
            first.run("approve", version)
            self.tables[version] = answers_of(path)
        settings = load(environment)
        self.key = load_signing_key("admission", settings.keys_dir)
        self.journal = PolicyJournal(open_registry(settings), load_trust(settings.keys_dir))
        self.refs = {
            one.version: VersionRef(one.version, one.digest) for one in self.journal.registry.versions()
        }
        self.promote("v1")

    def start(self):
        for machine in self.machines:
            machine.run("agent", "--once")
            machine.start_web()
            machine.start_agent()

    def stop(self):
        for machine in self.machines:
            machine.stop()

    def promote(self, version):
        return self.journal.promote(self.key, self.refs[version], by="prove", reason="swap")

    def roll_back(self):
        return self.journal.roll_back(self.key, by="prove", reason="back")

    def directories(self):
        return [MachineDirectory(machine.folder / "machine") for machine in self.machines]

    def follow(self, policy):
        """Until every web process of every machine answers by that policy."""
        wanted = Serving.of("small", policy).id
        _wait(
            lambda: all(
                _all(directory, lambda said: said.serving == wanted) for directory in self.directories()
            )
        )

    def recycled(self):
        """Until every web process shares what is served."""
        for directory in self.directories():
            digest = directory.serving().digest
            _wait(lambda: _all(directory, lambda said: digest in said.inherited, count=2))  # noqa: B023 - asked at once


def _all(directory, holds, count=1):
    processes = living(directory.web)
    return len(processes) >= count and all(map(holds, processes))


def _wait(holds):
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < PATIENCE_S, "It did not happen in time."
        time.sleep(0.01)


def answers_of(path):
    """By scikit-learn alone, row by row: label and probabilities of each of the ROWS."""
    estimator = pickle.loads(path.read_bytes())
    frames = [pd.DataFrame([row], columns=list(NAMES)) for row in ROWS]
    return [
        (estimator.predict(frame)[0].item(), estimator.predict_proba(frame)[0].tolist()) for frame in frames
    ]


@dataclass
class Ledger:
    """Threads that ask one row after the other on connections that are kept; they know the tables, not the service."""

    port: int
    tables: dict
    threads: int = 4
    failed: list = field(default_factory=list)
    wrong: list = field(default_factory=list)
    answered: list = field(default_factory=list)  # (begun, ended, version)
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self):
        self._running = [threading.Thread(target=self._run, args=(n,)) for n in range(self.threads)]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self._running:
            thread.join(60)

    def more(self, requests):
        """Until so many more were answered or failed."""
        until = len(self.answered) + len(self.failed) + requests
        _wait_long(lambda: len(self.answered) + len(self.failed) >= until)

    def stale(self, spans):
        """Answers by another version than the champion, begun and ended while all processes had it in force."""
        return sum(
            version != champion
            for begun, ended, version in self.answered
            for since, until, champion in spans
            if since < begun and ended < until
        )

    def _run(self, number):
        connection, place = None, number * 31
        while not self.stop.is_set():
            place = (place + 1) % len(ROWS)
            begun = time.monotonic()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                version = self._ask(connection, place)
                self.answered.append((begun, time.monotonic(), version))
            except (OSError, http.client.HTTPException, AssertionError) as problem:
                self.failed.append(f"{type(problem).__name__}: {problem}"[:200])
                connection.close()
                connection = None
                time.sleep(0.02)
        if connection is not None:
            connection.close()

    def _ask(self, connection, place):
        body = json.dumps({"instances": [ROWS[place]]})
        connection.request("POST", "/api/v1/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        document = json.loads(answer.read())
        assert answer.status == 200, document
        version, (row,) = document["model"]["version"], document["predictions"]
        label, shares = self.tables[version][place]
        if (row["label"], list(row["probabilities"].values())) != (label, shares):
            self.wrong.append((version, place))
        return version


def _wait_long(holds):
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < 5 * PATIENCE_S, "Too few requests were answered."
        time.sleep(0.01)


def _by_policy(fleet, version):
    fleet.follow(fleet.promote(version))


def _by_killing(fleet, version):
    """What many do: point to the new model, and end the processes."""
    (machine,), (directory,) = fleet.machines, fleet.directories()
    policy = fleet.promote(version)
    for pid in machine.workers():
        os.kill(pid, signal.SIGKILL)
    fleet.follow(policy)
    assert directory.serving().version == version


def _serves_without_its_store(fleet, folder):
    """Which version answers after a restart of everything with the store gone."""
    (machine,) = fleet.machines
    machine.stop()
    (folder / "store").rename(folder / "gone")
    machine.start_web()
    machine.start_agent()
    with urllib.request.urlopen(f"http://127.0.0.1:{machine.port}/readyz", timeout=10) as answer:
        return json.load(answer)["model"]["version"]


def _run(folder, count, requests, swap, **more):
    fleet = Fleet(folder, AGENT_POLL_S="0.2", RECYCLE_AFTER_S="1", **more)
    spans, seconds, workers = [], [], set()
    try:
        fleet.start()
        with Ledger(fleet.machines[0].port, fleet.tables) as ledger:
            ledger.more(50)
            for number in range(count):
                version = "v2" if number % 2 == 0 else "v1"
                begun = time.monotonic()
                swap(fleet, version)
                seconds.append(time.monotonic() - begun)
                in_force = time.monotonic()
                ledger.more(requests)
                if number % RECYCLED_EVERY == 0:
                    fleet.recycled()
                workers |= set(fleet.machines[0].workers())
                spans.append((in_force, time.monotonic(), version))
        alone = _serves_without_its_store(fleet, folder)
    finally:
        fleet.stop()
    return {
        "swaps": count,
        "requests": len(ledger.answered) + len(ledger.failed),
        "failed": len(ledger.failed),
        "wrong": len(ledger.wrong),
        "stale": ledger.stale(spans),
        "recycled": len(workers) - 2,
        "served_without_store": alone == version,
        "slowest_swap_s": round(max(seconds), 2),
        "failures": ledger.failed[:3],
    }
