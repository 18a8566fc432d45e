"""The store fails in every way while predictions go on: they are unaffected, all rows arrive, none twice."""

import random
import statistics
import time
from dataclasses import asdict
from urllib.parse import urlsplit

from tests.azurite import azurite_environment
from tests.prove.fault_proxy import FAULTS, FaultProxy
from tests.prove.kills import CARELESS
from tests.prove.kills import passed as kills_passed
from tests.prove.machine import Clients, Machine, register
from tests.prove.small_model import ROWS, write_model
from tests.prove.stored import fit, stored_ids

COLLIDING = "tests.prove.colliding_agent"
ENDPOINT = "PICKLEFLEET_STORE_ENDPOINT"
ARRIVAL_S = 120
SLOWEST_S = 2.0  # far below what any wait for the store takes


def store_faults(folder, rounds, seed):
    """Each fault `rounds` times in a random order, some seconds each, a second of health between them."""
    chance = random.Random(seed)  # noqa: S311 - a test's choice
    faults = chance.sample(list(FAULTS) * rounds, k=len(FAULTS) * rounds)
    lost_answers = ["lost_answer"] * max(3, rounds)
    return {
        "figure": _run(folder / "real", faults, chance, seed),
        "negative_control": _run(folder / "twin", lost_answers, chance, seed, agent_module=CARELESS),
    }


def passed(result):
    """Every row arrived by the running agent alone, no request was refused, and none waited for the store."""
    figure = result["figure"]
    unaffected = not figure["refused"] and not figure["doubtful"] and figure["slowest_request_s"] < SLOWEST_S
    return kills_passed(result) and unaffected and figure["all_there_after_s"] is not None


def _run(folder, faults, chance, seed, **more):
    direct = azurite_environment()
    endpoint = urlsplit(direct[ENDPOINT])
    proxy = FaultProxy(endpoint.hostname, endpoint.port)
    through = direct | {ENDPOINT: f"http://127.0.0.1:{proxy.port}{endpoint.path}"}
    machine = registered(folder, direct, through, **more)
    rates = {"healthy": [], "failing": []}
    try:
        machine.start_web()
        machine.start_agent()
        with Clients(machine.port, ROWS, seed=seed, threads=1, pause_s=0.005) as clients:
            for fault in faults:
                rates["healthy"].append(_watched(clients, 1.0))
                proxy.mode = fault
                rates["failing"].append(_watched(clients, chance.uniform(1.5, 4.0)))
                proxy.mode = "pass"
        back_s = _wait_for_arrival(direct, clients)
    finally:
        machine.stop()
        proxy.close()
    found = asdict(fit(clients.acknowledged, stored_ids(direct)))
    return found | {
        "faults": len(faults), "refused": len(clients.refused), "doubtful": clients.doubtful,
        "slowest_request_s": round(clients.slowest_s, 3), "all_there_after_s": back_s,
        "rows_a_second": {name: round(statistics.median(values)) for name, values in rates.items()},
        "connections": proxy.connections,
    }  # fmt: skip


def two_machines(folder, seconds, seed):
    """Two machines predict and ship to one store at once."""
    return {
        "figure": _run_two(folder / "real", seconds, seed),
        "negative_control": _run_two(folder / "twin", min(seconds, 10), seed, agent_module=COLLIDING),
    }


def _run_two(folder, seconds, seed, **more):
    store = azurite_environment() | {"PICKLEFLEET_KEYS_DIR": str(folder / "keys"), "PICKLEFLEET_WORKERS": "1"}
    machines = [Machine(folder / name, store, **more) for name in ("one", "other")]
    register(machines[0], write_model(folder))
    loads = [Clients(machine.port, ROWS, seed=seed + n, threads=1) for n, machine in enumerate(machines)]
    try:
        for machine in machines:
            machine.run("agent", "--once")
            machine.start_web()
            machine.start_agent()
        with loads[0], loads[1]:
            time.sleep(seconds)
    finally:
        for machine in machines:
            machine.stop()
    by_machine = [load.acknowledged for load in loads]
    found = asdict(fit([one for ids in by_machine for one in ids], stored_ids(store)))
    return found | {"machines": list(map(len, by_machine)), "doubtful": sum(load.doubtful for load in loads)}


def registered(folder, direct, through, **more):
    """A machine that reaches the store through a proxy; its model was handed over by the direct way."""
    keys = {"PICKLEFLEET_KEYS_DIR": str(folder / "keys")}
    register(Machine(folder / "desk", direct | keys), write_model(folder))
    machine = Machine(folder / "machine", through | keys, **more)
    machine.run("agent", "--once")
    return machine


def _watched(clients, seconds):
    """Rows acknowledged a second."""
    before = len(clients.acknowledged)
    time.sleep(seconds)
    return (len(clients.acknowledged) - before) / seconds


def _wait_for_arrival(direct, clients):
    """The running agent finds the store again by itself: seconds until all rows were there, None if they weren't."""
    begun = time.monotonic()
    while time.monotonic() - begun < ARRIVAL_S:
        if set(clients.acknowledged) <= set(stored_ids(direct)):
            return round(time.monotonic() - begun, 1)
        time.sleep(1)
    return None
