"""kill -9 of workers and of the agent under load: every acknowledged prediction is in the store exactly once."""

import os
import random
import signal
import time
from dataclasses import asdict

from tests.prove.machine import Clients, Machine, register
from tests.prove.small_model import ROWS, write_model
from tests.prove.stored import fit, stored_ids

BUFFERED = "tests.prove.buffered_wsgi:app"
CARELESS = "tests.prove.careless_agent"


def worker_kills(folder, kills, seed):
    return {
        "figure": _run(folder / "real", _kill_workers, kills, seed),
        "negative_control": _run(folder / "twin", _kill_workers, kills, seed, application=BUFFERED),
    }


def agent_kills(folder, kills, seed):
    """The twin is killed more often: only a part of the kills meets it with rows in its hands."""
    return {
        "figure": _run(folder / "real", _kill_agent, kills, seed),
        "negative_control": _run(folder / "twin", _kill_agent, max(kills, 15), seed, agent_module=CARELESS),
    }


def passed(result):
    """The real one lost nothing, stored nothing twice and nothing that nobody asked; the twin did."""
    figure = result["figure"]
    sound = figure["lost"] == figure["twice"] == 0 and figure["surplus"] <= figure["doubtful"]
    twin = result.get("negative_control")
    return sound and figure["acknowledged"] > 0 and (twin is None or twin["lost"] + twin["twice"] > 0)


def _run(folder, kill, kills, seed, **more):
    store = {"PICKLEFLEET_STORE": str(folder / "store"), "PICKLEFLEET_KEYS_DIR": str(folder / "keys")}
    machine = Machine(folder, store, **more)
    register(machine, write_model(folder))
    machine.run("agent", "--once")
    chance = random.Random(seed)  # noqa: S311 - a test's choice
    try:
        machine.start_web()
        machine.start_agent()
        with Clients(machine.port, ROWS, seed=seed) as clients:
            for _ in range(kills):
                kill(machine, chance)
    finally:
        machine.stop()
    machine.run("agent", "--once")
    found = fit(clients.acknowledged, stored_ids(machine.environment))
    return asdict(found) | {"kills": kills, "doubtful": clients.doubtful, "refused": len(clients.refused)}


def _kill_workers(machine, chance):
    """One of them at a random moment; the next only when its successor is there."""
    time.sleep(chance.uniform(0.2, 1.0))
    before = machine.workers()
    victim = chance.choice(before)
    os.kill(victim, signal.SIGKILL)
    begun = time.monotonic()
    while (victim in (now := machine.workers()) or len(now) < len(before)) and time.monotonic() - begun < 20:
        time.sleep(0.02)


def _kill_agent(machine, chance):
    """At a random moment from its start on: it takes about half a second until it ships."""
    time.sleep(chance.uniform(0.3, 2.0))
    machine.agent.kill()
    machine.agent.wait()
    machine.start_agent()
