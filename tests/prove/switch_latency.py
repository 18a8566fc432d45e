"""How long answers take while clients are moved between colours, beside the same machines when nothing moves."""

import json
import shutil
import tempfile
import threading
import time
from pathlib import Path

import pytest

from tests.edge import HAPROXY
from tests.prove.host import Balancer, two_hosts, until, weights_of
from tests.prove.open_loop import open_loop
from tests.prove.small_model import ROWS
from tests.prove.switches import release_both

OF_CAPACITY = 0.2
WINDOW_S = 12
BEGINS_S = 3  # what moves clients begins then
MOST_TIMES = 2.0
_BODY = json.dumps({"instances": [ROWS[3]]}).encode()
REQUEST = (
    b"POST /api/v1/predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


def switch_latency(_folder, count, _seed):
    """`count` windows with a switch and as many without one, in turn; in these the same command only looks."""
    if HAPROXY is None:
        pytest.skip("there is no haproxy on this machine (Debian: apt install haproxy)")
    folder = Path(tempfile.mkdtemp(prefix="sl-"))
    hosts = two_hosts(folder)
    balancer = Balancer(folder, hosts)
    try:
        release_both(folder, hosts)
        balancer.start()
        time.sleep(3)  # its first look at each
        capacity = _capacity(balancer.port)
        steady, switching = [], []
        for number in range(count):
            colour = "green" if number % 2 == 0 else "blue"
            steady += _window(balancer.port, capacity, lambda: hosts[0].run("release", "status"))
            switching += _window(
                balancer.port,
                capacity,
                lambda: hosts[0].run("release", "promote", "--to", colour),  # noqa: B023
            )
            until(lambda: all(weights_of(host)[colour] == 100 for host in hosts))  # noqa: B023 - asked at once
            time.sleep(5)
    finally:
        balancer.end()
        for host in hosts:
            host.end()
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "figure": {
            "switches": count, "capacity": round(capacity), "rate": round(capacity * OF_CAPACITY),
            "steady": _figures(steady), "switching": _figures(switching),
        }
    }  # fmt: skip


def passed(result):
    steady, switching = result["figure"]["steady"], result["figure"]["switching"]
    return (
        steady["failed"] == switching["failed"] == 0
        and switching["p99_ms"] <= MOST_TIMES * steady["p99_ms"]
        and result["figure"]["capacity"] > 0
    )


def _capacity(port):
    """Answers a second on connections of their own, as many as come in while a few clients always wait for one."""
    ended, answered, seconds = time.monotonic() + 6, [], 6

    def ask():
        while time.monotonic() < ended:
            answered.extend(open_loop(port, REQUEST, [0.0] * 4))

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return sum(one.status == 200 for one in answered) / seconds


def _window(port, capacity, act):
    """What was sent from the moment on at which `act` begins."""
    pause = 1 / (capacity * OF_CAPACITY)
    acting = threading.Timer(BEGINS_S, act)
    acting.start()
    found = open_loop(port, REQUEST, [number * pause for number in range(int(WINDOW_S / pause))])
    acting.join()
    return [one for one in found if one.at >= BEGINS_S]


def _figures(answers):
    seconds = sorted(one.seconds for one in answers)
    return {
        "requests": len(answers), "failed": sum(one.status != 200 for one in answers),
        "p50_ms": round(1e3 * seconds[len(seconds) // 2], 2), "p99_ms": round(1e3 * seconds[int(0.99 * len(seconds))], 2),
    }  # fmt: skip
