"""kill -9 of workers and of the agent under load: every acknowledged prediction is in the store exactly once."""

import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import asdict

from tests.prove.machine import Clients, Machine, register
from tests.prove.small_model import ROWS, write_model
from tests.prove.stored import fit, stored_ids

BUFFERED = "tests.prove.buffered_wsgi:app"
CARELESS = "tests.prove.careless_agent"
DURING_START = 0.25
PLAN_WITHIN_S = 60


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
    """Now and then while it starts, else at a random moment from a plan of its own on, however long it starts."""
    if chance.random() < DURING_START:
        time.sleep(chance.uniform(0.3, 2.0))
    else:
        _wait_for_plan(machine, _plans(machine))
        time.sleep(chance.uniform(0.0, 0.3))
    machine.agent.kill()
    machine.agent.wait()
    machine.start_agent()


def _wait_for_plan(machine, before):
    begun = time.monotonic()
    while _plans(machine) <= before:
        assert time.monotonic() - begun < PLAN_WITHIN_S, f"nothing is shipped:\n{machine.log('agent')}"
        time.sleep(0.002)


def _plans(machine):
    """Each plan with the moment of its last try: what a killed agent left is not the new one's."""
    found = set()
    for path in (machine.folder / "machine" / "spool" / "plans").glob("*.json"):
        with suppress(FileNotFoundError):
            found.add((path.name, path.stat().st_mtime_ns))
    return found
