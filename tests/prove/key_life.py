"""API keys from outside: how long a revoked one lives on two machines, and whether time tells an id from a secret."""

import http.client
import json
import random
import secrets
import statistics
import time
from contextlib import closing

from lifecycle.api_keys import with_checksum
from tests.prove.fleet import Fleet
from tests.prove.machine import Machine, register
from tests.prove.small_model import write_model

MAX_REVOKED_S = 60
MAX_DIFFERENCE = 0.05
_FULL = 10
_LOOK_EVERY_S = 0.1


def revocation(folder, count, seed):
    """`count` keys made and revoked, with the default pauses, at different phases of them."""
    return {
        "figure": _revoked(folder / "real", count),
        "negative_control": _revoked(
            folder / "forgetful", 1, "tests.prove.forgetful_agent", MAX_REVOKED_S if count >= _FULL else 20
        ),
    }


def revoked_in_time(result):
    figure, twin = result["figure"], result["negative_control"]
    return figure["slowest_s"] <= MAX_REVOKED_S and figure["machines"] == 2 and twin["slowest_s"] is None


def _revoked(folder, count, agent="agent", patience_s=MAX_REVOKED_S):
    """`slowest_s`: from the command's end until no machine takes the key; None where one still does after `patience_s`."""
    fleet = Fleet(folder, machines=2, AGENT_POLL_S="5", API_KEYS="on")
    for machine in fleet.machines:
        machine.agent_module = agent
    first = fleet.machines[0]
    try:
        kept = first.run("keys", "create", "--owner", "shop", "--scope", "read", "--label", "kept", "--json")
        keys = [json.loads(kept)] + [_made(first, number) for number in range(count)]
        fleet.start()
        slowest = []
        for number, key in enumerate(keys[1:]):
            assert all(_lets_in(machine, key) for machine in fleet.machines)
            time.sleep(number % 6)
            first.run("keys", "revoke", key["key_id"])
            slowest.append(_until_refused(fleet.machines, key, patience_s))
        others = all(_lets_in(machine, keys[0]) for machine in fleet.machines)
    finally:
        fleet.stop()
    assert others, "revoking one key ended another"
    worst = None if None in slowest else round(max(slowest), 2)
    return {"revoked": count, "machines": len(fleet.machines), "slowest_s": worst}


def _made(machine, number):
    return json.loads(
        machine.run("keys", "create", "--owner", "shop", "--scope", "read", "--label", f"l{number}", "--json")
    )


def _until_refused(machines, key, patience_s):
    begun = time.monotonic()
    while time.monotonic() - begun <= patience_s + 1:
        if not any(_lets_in(machine, key) for machine in machines):
            return time.monotonic() - begun
        time.sleep(_LOOK_EVERY_S)
    return None


def _lets_in(machine, key):
    """Asked on several connections: each of its two web processes looks at the file by itself."""
    return any(_status(machine.port, key["key"]) == 200 for _ in range(4))


def _status(port, text):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/api/v1/models", headers={"X-Api-Key": text})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def timing(folder, count, seed):
    """`count` pairs, asked in turn on one connection: the medians of an unknown id and of a wrong secret."""
    return {
        "figure": _timed(folder / "real", count, seed, "webapp.wsgi:app"),
        "negative_control": _timed(
            folder / "leaky", max(200, count // 10), seed, "tests.prove.leaky_wsgi:app"
        ),
    }


def told_apart_by_nothing(result):
    figure, twin = result["figure"], result["negative_control"]
    return figure["difference"] < MAX_DIFFERENCE < twin["difference"]


def _timed(folder, pairs, seed, application):
    store = {
        "STORE": str(folder / "store"),
        "KEYS_DIR": str(folder / "keys"),
        "API_KEYS": "on",
        "WORKERS": "1",
    }
    environment = {f"PICKLEFLEET_{name}": text for name, text in store.items()}
    machine = Machine(folder / "machine", environment, application=application)
    register(machine, write_model(folder))
    made = _made(machine, 0)
    machine.run("agent", "--once")
    try:
        machine.start_web()
        with closing(http.client.HTTPConnection("127.0.0.1", machine.port, timeout=30)) as connection:
            seconds = _ask_in_turn(connection, made["key_id"], pairs, random.Random(seed))  # noqa: S311 - a test's choice
    finally:
        machine.stop()
    unknown, wrong = (statistics.median(seconds[kind]) for kind in ("unknown id", "wrong secret"))
    return {
        "pairs": pairs,
        "unknown_id_us": round(unknown * 1e6, 1),
        "wrong_secret_us": round(wrong * 1e6, 1),
        "difference": round(abs(wrong / unknown - 1), 4),
    }


def _ask_in_turn(connection, known_id, pairs, chance):
    seconds = {"unknown id": [], "wrong secret": []}
    for number in range(-pairs // 10, pairs):
        asked = [("unknown id", secrets.token_hex(6)), ("wrong secret", known_id)]
        chance.shuffle(asked)
        for kind, key_id in asked:
            took = _refused(connection, with_checksum(f"pf_{key_id}_{secrets.token_hex(32)}"))
            if number >= 0:
                seconds[kind].append(took)
    return seconds


def _refused(connection, text):
    begun = time.perf_counter()
    connection.request("GET", "/api/v1/models", headers={"X-Api-Key": text})
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - begun
    assert answer.status == 401
    return took
