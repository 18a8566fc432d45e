"""Champion → challenger and back under load: nobody is refused, and every answer is that of the version it names."""

import http.client
import json
import os
import signal
import threading
import time
import urllib.request
from dataclasses import dataclass, field

from tests.prove.fleet import Fleet, wait
from tests.prove.small_model import ROWS

RENAMING = "tests.prove.renaming_wsgi:app"
FULL, REDUCED = 1000, 700  # requests for each swap
RECYCLED_EVERY = 10


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
            fleet.follow(fleet.promote("v2"))
            time.sleep(number % 5)  # at every phase of the agents' pauses
            begun = time.monotonic()
            fleet.follow(fleet.roll_back())
            seconds.append(time.monotonic() - begun)
    finally:
        fleet.stop()
    return {"figure": {"rollbacks": count, "machines": 2, "slowest_s": round(max(seconds), 2)}}


def rolled_back_in_time(result):
    return result["figure"]["slowest_s"] <= 10


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
        wait(lambda: len(self.answered) + len(self.failed) >= until)

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
    spans, seconds = [], []
    try:
        fleet.start()
        wait(lambda: len(fleet.machines[0].workers()) == 2)
        workers = set(fleet.machines[0].workers())
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
