"""The store accepts an upload and never answers, while it is well again for everybody else: the agent must not wait
for that one answer.
"""

import time
from dataclasses import asdict
from urllib.parse import urlsplit

from tests.azurite import azurite_environment
from tests.prove.fault_proxy import STUCK, FaultProxy
from tests.prove.machine import Clients
from tests.prove.small_model import ROWS
from tests.prove.store_faults import ENDPOINT, SLOWEST_S, registered
from tests.prove.stored import fit, stored_ids

PATIENT = "tests.prove.patient_agent"
BOUND_S = 60.0
STUCK_WITHIN_S = 20.0


def stuck_store(folder, rounds, seed):
    """`rounds` uploads get stuck, one after the other; the twin's one."""
    return {
        "figure": _run(folder / "real", rounds, seed),
        "negative_control": _run(folder / "twin", 1, seed, agent_module=PATIENT),
    }


def passed(result):
    """All rows were there within a minute each time, once; no request waited. The twin still waited then."""
    figure, twin = result["figure"], result["negative_control"]
    unaffected = not figure["refused"] and not figure["doubtful"] and figure["slowest_request_s"] < SLOWEST_S
    return (
        figure["stuck_uploads"] >= len(figure["there_after_s"]) > 0
        and None not in figure["there_after_s"]
        and figure["lost"] == figure["twice"] == figure["surplus"] == 0
        and unaffected
        and twin["there_after_s"] == [None]
    )


def _run(folder, rounds, seed, **more):
    direct = azurite_environment()
    endpoint = urlsplit(direct[ENDPOINT])
    proxy = FaultProxy(endpoint.hostname, endpoint.port)
    through = direct | {ENDPOINT: f"http://127.0.0.1:{proxy.port}{endpoint.path}"}
    machine = registered(folder, direct, through, **more)
    try:
        machine.start_web()
        machine.start_agent()
        with Clients(machine.port, ROWS, seed=seed, threads=1, pause_s=0.05) as clients:
            there_after_s = [_stuck_once(proxy, direct, clients) for _ in range(rounds)]
        if None in there_after_s:
            machine.agent.kill()  # it would hold the stop as long as it holds the records
    finally:
        machine.stop()
        proxy.close()
    return asdict(fit(clients.acknowledged, stored_ids(direct))) | {
        "there_after_s": there_after_s, "stuck_uploads": proxy.stuck_uploads, "refused": len(clients.refused),
        "doubtful": clients.doubtful, "slowest_request_s": round(clients.slowest_s, 3),
    }  # fmt: skip


def _stuck_once(proxy, direct, clients):
    """Seconds from the moment when the store was well again until what was answered before was there, or None."""
    time.sleep(1)
    before, begun = proxy.stuck_uploads, time.monotonic()
    proxy.mode = STUCK
    while proxy.stuck_uploads == before:
        assert time.monotonic() - begun < STUCK_WITHIN_S, "no upload was tried: this would show nothing"
        time.sleep(0.05)
    proxy.mode = "pass"
    wanted, begun = set(clients.acknowledged), time.monotonic()
    while time.monotonic() - begun < BOUND_S:
        if wanted <= set(stored_ids(direct)):
            return round(time.monotonic() - begun, 1)
        time.sleep(1)
    return None
