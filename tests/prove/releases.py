"""Bad releases under load come back by themselves before many notice, and good ones go through, noise or not."""

import json
import shutil
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.edge import HAPROXY
from tests.prove.host import Balancer, described, serve_first, two_hosts, until, weights_of
from tests.prove.switches import Clients

NOISY = "tests.prove.faulty_wsgi:app"
BAD, GOOD = 12, 20
REDUCED_BAD = 3
MOST_FAILED = 0.005
WORLDS = 3  # side by side: a walk waits most of the time
CLIENTS = {"steady": 10}  # some 150 requests a second
PLACES = "64"  # a host that is full sends whom it has no place for to the other colour, whatever its weight
FOLLOWED_S = 3  # machines follow the journal every second

# How each bad release is started: what it is, and where it looks for its bundle.
FAULTS = (
    "fails after a minute",
    "wrong answers",
    "crashes under load",
    "won't start",
    "five times slower",
    "another contract",
    "leaks",
    "missing bundle",
    "corrupt bundle",
    "slow warm-up",
    "silent",
    "wrong clock",
)
_BAD_WALK = ("--canary-percent", "1", "--min-minutes", "3")
_GOOD_WALK = ("--canary-percent", "20", "--min-minutes", "1")
_WALK = (
    "--min-requests", "50", "--max-silence-minutes", "1", "--ready-minutes", "1",
    "--max-minutes", "12",
)  # fmt: skip


def releases(_folder, count, _seed):
    """`count` releases, of which the bad ones come last; every other walker is killed at each of its steps."""
    if HAPROXY is None:
        pytest.skip("there is no haproxy on this machine (Debian: apt install haproxy)")
    bad = FAULTS[: BAD if count >= BAD + GOOD else REDUCED_BAD]
    wanted = [*[""] * (count - len(bad)), *bad]
    parts = [wanted[place::WORLDS] for place in range(WORLDS)]
    with ThreadPoolExecutor(WORLDS) as side_by_side:
        walked = side_by_side.map(_released, range(WORLDS), parts)
        found = [one for part in walked for one in part]
    return {
        "figure": {
            "bad": [one for one in found if one["fault"]],
            "good": [one for one in found if not one["fault"]],
        },
        "negative_control": _without_a_gate(),
    }


def passed(result):
    bad, good = result["figure"]["bad"], result["figure"]["good"]
    return (
        sum(one["kills"] for one in [*bad, *good]) > 0
        and all(one["back"] and one["failed"] <= MOST_FAILED * one["requests"] for one in bad)
        and all(not one["back"] and one["failed"] == 0 for one in good)
        and all(one["wrong"] == 0 and one["one_live"] for one in [*bad, *good])
        and result["negative_control"]["failed"] > MOST_FAILED * result["negative_control"]["requests"]
    )


@dataclass
class World:
    """Two hosts behind a balancer, which answer clients all the time."""

    hosts: list
    clients: Clients
    live: str = "blue"

    def release(self, name, fault, *, killed):
        """Walk it, as its pipeline would; returns what the clients saw of it."""
        idle = _other(self.live)
        before, begun = self._counts(), time.monotonic()
        self.start(idle, name, fault)
        told, kills = self._walk(_BAD_WALK if fault else _GOOD_WALK, killed=killed)
        time.sleep(FOLLOWED_S)
        requests, failed, wrong = (now - was for now, was in zip(self._counts(), before, strict=True))
        back = self._intent()["live"] == self.live
        self.live = self.live if back else idle
        self.end(_other(self.live))
        return {
            "fault": fault, "back": back, "told": told, "kills": kills, "one_live": self._one_live(),
            "requests": requests, "failed": failed, "wrong": wrong, "seconds": round(time.monotonic() - begun, 1),
        }  # fmt: skip

    def _walk(self, walk, *, killed):
        """Where it is `killed`: before and after each of its entries, and begun again. Returns its words, and how often."""
        kills = 0
        while killed:
            for when in ("before", "after"):
                done = self._deploy(walk, program=("tests.prove.killed_walker", when))
                if done.returncode != -signal.SIGKILL:
                    return done.stdout.strip().splitlines()[-1], kills
                kills += 1
                assert all(sum(weights_of(host).values()) == 100 for host in self.hosts)
        return self._deploy(walk).stdout.strip().splitlines()[-1], 0

    def _deploy(self, walk, **more):
        return self.hosts[0].run("release", "deploy", *_WALK, *walk, check=False, **more)

    def _one_live(self):
        return all(weights_of(host) == {self.live: 100, _other(self.live): 0} for host in self.hosts)

    def _intent(self):
        return json.loads(self.hosts[0].run("release", "status", "--json").stdout)["intent"]

    def start(self, colour, name, fault, **more):
        """Assign the release, and start it as each host's service manager would."""
        first = self.hosts[0]
        first.run("release", "assign", described(first, name))
        for host in self.hosts:
            until(lambda: host.wanted(colour).get("name") == name)  # noqa: B023 - asked at once
            host.start_wanted(colour, _program(fault), FAULT=fault, **_bundles(host, fault), **more)

    def end(self, colour):
        for host in self.hosts:
            if colour in host.processes:
                host.signal(colour, signal.SIGKILL)

    def _counts(self):
        clients = self.clients
        return clients.answered + len(clients.failed), len(clients.failed), clients.wrong


def _program(fault):
    return "tests.prove.not_there:app" if fault == "won't start" else NOISY


def _bundles(host, fault):
    """The machine's folder as this release sees it."""
    if "bundle" not in fault:
        return {}
    place = host.folder / f"seen-{fault[:4]}"
    shutil.copytree(host.folder / "machine", place, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
    for model in list(place.rglob("model.*")):
        if fault == "missing bundle":
            shutil.rmtree(model.parent)
        else:
            data = bytearray(model.read_bytes())
            data[len(data) // 2] ^= 1
            model.chmod(0o600)
            model.write_bytes(data)
    return {"PICKLEFLEET_MACHINE_DIR": str(place)}


@contextmanager
def _world(short):
    """`short`: its name stands in the addresses of sockets."""
    folder = Path(tempfile.mkdtemp(prefix=f"re-{short}-"))
    hosts = two_hosts(folder, PLACES=PLACES)
    balancer = Balancer(folder, hosts)
    try:
        table = serve_first(folder, hosts, NOISY)
        balancer.start()
        time.sleep(3)  # its first look at each
        with Clients(balancer.port, table, CLIENTS) as clients:
            yield World(hosts, clients)
    finally:
        balancer.end()
        for host in hosts:
            host.end()
        shutil.rmtree(folder, ignore_errors=True)


def _other(colour):
    return "green" if colour == "blue" else "blue"


def _released(place, faults):
    found = []
    with _world(place) as world:
        for number, fault in enumerate(faults):
            found.append(world.release(f"r{place}-{number}", fault, killed=number % 2 == 0))
            print(json.dumps(found[-1]), flush=True)  # noqa: T201 - a walk takes minutes
    return found


def _without_a_gate():
    """What many do: give it to everybody when it has started, and go back when people call."""
    with _world("t") as world:
        before = world._counts()
        world.start("green", "hasty", "fails after a minute", WELL_S="2")
        until(lambda: world.hosts[0].run("release", "promote", check=False).returncode == 0)
        time.sleep(15)
        world.hosts[0].run("release", "rollback")
        time.sleep(FOLLOWED_S)
        requests, failed, _ = (now - was for now, was in zip(world._counts(), before, strict=True))
    return {"requests": requests, "failed": failed}
