"""Reloads, recycled workers and restarts of a colour under clients that keep their connections: nobody may fail."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from agent.edge_proxy.admission import EdgeProxy
from tests.edge import HAPROXY
from tests.prove.fleet import answers_of
from tests.prove.front import Front
from tests.prove.host import until
from tests.prove.switches import Clients

FULL, REDUCED = 2000, 300  # requests a round


def restarts(folder, rounds, seed):
    """10 rounds and 20,000 requests for each kind of web process at full count. The twin restarts without a word."""
    if HAPROXY is None:
        pytest.skip("there is no haproxy on this machine (Debian: apt install haproxy)")
    requests = FULL if rounds >= 10 else REDUCED
    return {
        "figure": {
            worker: _run(folder / worker, rounds, requests, _announced, worker)
            for worker in ("threads", "events")
        },
        "negative_control": _run(folder / "twin", 1, REDUCED, _unannounced, "threads"),
    }


def passed(result):
    sound = all(
        one["failed"] == one["wrong"] == 0
        and one["requests"] >= one["rounds"] * REDUCED
        and one["workers_met"] > 2 * one["rounds"]
        for one in result["figure"].values()
    )
    return sound and result["negative_control"]["failed"] > 0


def _run(folder, rounds, requests, restart, worker):
    front = Front(WORKERS="2", WORKER=worker, API_KEYS="off")
    met = set()
    try:
        table = answers_of(front.folder / "model" / "model.pkl")
        front.start("blue", "green")
        with Clients(front.port, table) as clients:
            clients.more(min(requests, 200))
            for _ in range(rounds):
                restart(front, clients, requests // 3, met)
    finally:
        front.end()
    return {
        "rounds": rounds, "requests": clients.answered + len(clients.failed), "failed": len(clients.failed),
        "failures": dict(Counter(clients.failed).most_common(5)), "wrong": clients.wrong, "workers_met": len(met),
    }  # fmt: skip


def _announced(front, clients, requests, met):
    """A reload; a worker that is told to go, as recycling tells it; and a restart whose traffic went elsewhere first."""
    _reload(front, met)
    clients.more(requests)
    gone = min(_workers(front))
    os.kill(gone, signal.SIGTERM)
    until(lambda: gone not in _workers(front) and len(_workers(front)) == 2)
    met.update(_workers(front))
    clients.more(requests)
    front.run("edge", "weigh", "--blue", "0", "--green", "100")
    clients.more(requests // 2)
    front.stop_web("blue")
    (front.folder / "blue.log").unlink()
    front.start_web("blue")
    met.update(_workers(front))
    until(lambda: "blue" in EdgeProxy(front.folder / "e").look().listening)
    front.run("edge", "weigh", "--blue", "100", "--green", "0")
    clients.more(requests)


def _unannounced(front, clients, requests, met):
    front.stop_web("blue")
    clients.more(requests)
    front.start_web("blue")


def _reload(front, met):
    before = set(_workers(front))
    front.processes["blue"].send_signal(signal.SIGHUP)
    until(lambda: len(_workers(front)) == 2 and not before & set(_workers(front)))
    met.update(before, _workers(front))


def _workers(front):
    pid = front.processes["blue"].pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
