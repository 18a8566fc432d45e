"""Blue to green and back under clients that keep their connections: nobody fails, and each answer is right."""

import http.client
import json
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.edge_proxy.admission import EdgeProxy
from lifecycle.machine import MachineDirectory
from tests.edge import HAPROXY, was_closed
from tests.prove.host import Balancer, described, serve_first, two_hosts, until, weights_of
from tests.prove.small_model import ROWS

FULL, REDUCED = 5000, 700  # requests for each switch
# The edge proxy closes what was idle for 30 s: the one kind is just in time, the other finds it closed.
PAUSES_S = {"busy": 0.0, "pausing": 4.0, "long pauses": 27.0, "longer pauses": 33.0}
KINDS = {"busy": 9, "fresh": 1, "large": 1, "pausing": 4, "long pauses": 1, "longer pauses": 1}
LARGE = 2000  # rows: more than the edge proxy buffers
GONE_S = 5  # longer than a request waits in the edge proxy's queue
EMPTY_S = 12.0  # the request deadline, and what the edge proxy waits beyond it


def switches(folder, count, seed):
    """20 switches and 100,000 requests at full count."""
    if HAPROXY is None:
        pytest.skip("there is no haproxy on this machine (Debian: apt install haproxy)")
    return {
        "figure": _run(count, _requests(count), _by_journal),
        "negative_control": {
            "killed_first": _run(2, 200, _by_killing),
            "not_drained": _run(2, 200, _without_draining),
        },
    }


def _requests(switches):
    return FULL if switches >= 20 else REDUCED


def passed(result):
    figure, twins = result["figure"], result["negative_control"].values()
    enough = figure["requests"] >= figure["switches"] * _requests(figure["switches"])
    return (
        enough
        and figure["failed"] == figure["wrong"] == 0
        and figure["both_colours_answered"]
        and figure["old_colour_empty_s"] <= EMPTY_S
        and figure["answers_changed_by_restarts"] == 0
        and all(twin["failed"] > 0 for twin in twins)
    )


@dataclass
class Clients:
    """Each knows the right answers by itself. None of them asks twice. `parked` ones keep their connections and wait."""

    port: int
    table: list
    kinds: dict = field(default_factory=lambda: dict(KINDS))
    answered: int = 0
    failed: list = field(default_factory=list)
    wrong: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    asking: int = 0
    free: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self.free.set()

    @contextmanager
    def parked(self):
        self.free.clear()
        until(lambda: self.asking == 0, 60)
        yield
        self.free.set()

    @contextmanager
    def _asks(self):
        while True:
            self.free.wait()
            with self.lock:
                if self.free.is_set():
                    self.asking += 1
                    break
        try:
            yield
        finally:
            with self.lock:
                self.asking -= 1

    def __enter__(self):
        kinds = [kind for kind, many in self.kinds.items() for _ in range(many)]
        self._running = [
            threading.Thread(target=self._run, args=(kind, number)) for number, kind in enumerate(kinds)
        ]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self._running:
            thread.join(90)

    def more(self, requests):
        wanted = self.answered + len(self.failed) + requests
        until(lambda: self.answered + len(self.failed) >= wanted, 1200)

    def _run(self, kind, number):
        connection, place = None, number * 17
        while not self.stop.is_set():
            place = (place + 1) % len(ROWS)
            places = [place] if kind != "large" else [(place + row) % len(ROWS) for row in range(LARGE)]
            with self._asks():
                connection = self._once(kind, connection, places)
            if connection is not None and (kind == "fresh" or connection.sock is None):
                connection.close()
                connection = None
            self.stop.wait(PAUSES_S.get(kind, 0.05))
        if connection is not None:
            connection.close()

    def _once(self, kind, connection, places):
        """Returns the connection where it may be used again."""
        if connection is not None and was_closed(connection):
            connection.close()
            connection = None
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            right = self._ask(connection, places)
        except (OSError, http.client.HTTPException, AssertionError, ValueError) as problem:
            connection.close()
            with self.lock:
                self.failed.append(f"{kind}: {type(problem).__name__}: {problem}"[:200])
            return None
        with self.lock:
            self.answered += 1
            self.wrong += not right
        return connection

    def _ask(self, connection, places):
        """As any client does, one looks whether a kept connection was closed; a request is never sent twice."""
        body = json.dumps({"instances": [ROWS[place] for place in places]})
        connection.request("POST", "/api/v1/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        document = json.loads(answer.read())
        assert answer.status == 200, document
        if answer.will_close:
            connection.close()
        got = [(row["label"], list(row["probabilities"].values())) for row in document["predictions"]]
        if len(places) == 1:
            return got == [self.table[places[0]]]
        return [label for label, _ in got] == [self.table[place][0] for place in places]


def _by_journal(hosts, colour):
    """The shipped way: one entry, which every agent applies to its own edge proxy."""
    for host in hosts:
        until(lambda: _ready(hosts[0], host, colour))  # noqa: B023 - asked at once
    hosts[0].run("release", "promote", "--to", colour)
    for host in hosts:
        until(lambda: _share(host, colour) == 100)  # noqa: B023 - asked at once


def _by_killing(hosts, colour):
    """What many do: end the old processes, then point to the new."""
    for host in hosts:
        old = "green" if colour == "blue" else "blue"
        host.signal(old, signal.SIGKILL)
        time.sleep(GONE_S)
    _by_journal(hosts, colour)
    for host in hosts:
        host.start_wanted(old)
        until(lambda: _ready(hosts[0], host, old))  # noqa: B023 - asked at once


def _without_draining(hosts, colour):
    """The right order of colours, and then a machine that is restarted without leaving the traffic first."""
    _by_journal(hosts, colour)
    hosts[0].signal("proxy", signal.SIGKILL)
    hosts[0].start_proxy()
    until(hosts[0].ready)


def _run(count, requests, switch):
    folder = Path(tempfile.mkdtemp(prefix="sw-"))
    hosts = two_hosts(folder)
    balancer = Balancer(folder, hosts)
    shipped, empty_s, changed = switch is _by_journal, [], 0
    try:
        table = release_both(folder, hosts)
        balancer.start()
        time.sleep(3)
        with Clients(balancer.port, table) as clients:
            clients.more(min(requests, 200))
            for number in range(count):
                colour = "green" if number % 2 == 0 else "blue"
                switch(hosts, colour)
                if shipped:
                    empty_s.append(_emptied(hosts, "blue" if colour == "green" else "green"))
                    changed += _disturb(hosts, balancer, clients)
                clients.more(requests)
            if shipped:
                time.sleep(35)  # those with long pauses come once more
        counted = _counted(hosts)
    finally:
        balancer.end()
        for host in hosts:
            host.end()
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "switches": count, "hosts": len(hosts), "requests": clients.answered + len(clients.failed),
        "failed": len(clients.failed), "failures": dict(Counter(clients.failed).most_common(5)), "wrong": clients.wrong,
        "both_colours_answered": all(counted.values()), "answered_by": counted,
        "old_colour_empty_s": round(max(empty_s, default=0.0), 2), "answers_changed_by_restarts": changed,
    }  # fmt: skip


def _emptied(hosts, colour):
    """Seconds after which no host works on a request with the old colour."""
    begun = time.monotonic()
    until(lambda: not any(EdgeProxy(host.edge).look().working[colour] for host in hosts), 60)
    return time.monotonic() - begun


def _disturb(hosts, balancer, clients):
    """Each edge proxy and the balancer are reloaded under load, and killed and started while nobody asks; returns how
    many do otherwise afterwards.
    """
    before = [EdgeProxy(host.edge).look().intent for host in hosts]
    for host in hosts:
        host.signal("proxy", signal.SIGUSR2)
    balancer.reload()
    time.sleep(2)
    changed = sum(EdgeProxy(host.edge).look().intent != was for host, was in zip(hosts, before, strict=True))
    with clients.parked():
        for host in hosts:
            host.signal("proxy", signal.SIGKILL)
            host.start_proxy()
        balancer.kill()
        balancer.start()
        until(lambda: all(host.ready() for host in hosts))
        time.sleep(2)  # the balancer's first look at each
    return changed + sum(
        EdgeProxy(host.edge).look().intent != was for host, was in zip(hosts, before, strict=True)
    )


def release_both(folder, hosts):
    """The same code under two names: what is switched here is colours, not answers."""
    table = serve_first(folder, hosts)
    hosts[0].run("release", "assign", described(hosts[0], "two"))
    for host in hosts:
        host.start_wanted("green")
        until(lambda: _ready(hosts[0], host, "green"))  # noqa: B023 - asked at once
    return table


def _status(host):
    return json.loads(host.run("release", "status", "--json").stdout)


def _ready(first, host, colour):
    name = (host.folder / "machine" / "machine-name").read_text()
    seen = _status(first)["machines"].get(name, {"colours": {}})["colours"].get(colour)
    return bool(seen and seen["ready"])


def _share(host, colour):
    return weights_of(host)[colour]


def _counted(hosts):
    """Requests that each colour's web processes counted themselves."""
    found = {"blue": 0, "green": 0}
    for host in hosts:
        for colour in found:
            for file in (MachineDirectory(host.folder / "machine").measurements / colour).glob("*.json"):
                cells = [
                    cell for minute in json.loads(file.read_text())["minutes"].values() for cell in minute
                ]
                found[colour] += sum(cell.get("ok", 0) for cell in cells)
    return found
