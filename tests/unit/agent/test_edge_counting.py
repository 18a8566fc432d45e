import time

import pytest

from agent.edge_counting import EdgeCounting
from agent.edge_proxy.runtime_socket import EdgeUnreachableError
from agent.measuring_rounds import MeasuringRounds
from lifecycle import clock
from lifecycle.machine import MachineDirectory
from lifecycle.measurements.cell import Cell
from lifecycle.measurements.document import Measurements
from lifecycle.measurements.fleet import FleetReader

NOW_MS = (int(time.time()) // 3600 * 60 + 40) * 60_000  # files are as old as they are
MINUTE = NOW_MS // 60_000


class Proxy:
    """HAProxy's statistics as its runtime socket tells them."""

    def __init__(self):
        self.down = False
        self.rows = {
            (lane, colour): {"econ": "0", "eresp": "0", "wredis": "0"}
            for lane in ("predict", "large")
            for colour in ("blue", "green")
        }

    def set(self, lane, colour, **counters):
        self.rows[lane, colour] |= {name: str(number) for name, number in counters.items()}

    def __call__(self):
        if self.down:
            raise EdgeUnreachableError("It does not answer.")
        own = [{"pxname": "edge", "svname": "FRONTEND", "econ": "", "eresp": "", "wredis": ""}]
        return own + [{"pxname": lane, "svname": name, **row} for (lane, name), row in self.rows.items()]


@pytest.fixture
def at(monkeypatch):
    def set_minute(minutes):
        monkeypatch.setattr(clock, "unix_ms", lambda: NOW_MS + minutes * 60_000)

    set_minute(0)
    return set_minute


@pytest.fixture
def machine(settings):
    return MachineDirectory(settings.machine_dir)


@pytest.fixture
def proxy():
    return Proxy()


@pytest.fixture
def counting(proxy, machine, at):
    return EdgeCounting(proxy, machine.measurements)


@pytest.fixture
def told(counting, machine, registry):
    def read(colour="green"):
        MeasuringRounds(registry.control, machine).once()
        return FleetReader(registry.control).read(MINUTE - 60).colours.get(colour, {})

    return read


def failed(minutes):
    return {
        minute - MINUTE: cell.failed
        for minute, cells in minutes.items()
        for cell in cells
        if cell.source == "edge"
    }


def test_what_no_process_answered_belongs_to_its_colour_and_minute(counting, proxy, told, at):
    counting.count()
    proxy.set("predict", "green", econ=2, eresp=1)
    proxy.set("large", "green", wredis=4)
    counting.count()
    at(1)
    proxy.set("predict", "green", econ=5)
    counting.count()
    counting.count()

    assert failed(told("green")) == {0: 7, 1: 3}
    assert told("blue") == {}


def test_it_is_added_to_what_the_processes_count(counting, proxy, told, machine):
    path = machine.measurements / "green" / "100-abc.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(Measurements(minutes={MINUTE: [Cell(version="v1", ok=9)]}, written_ms=NOW_MS).to_bytes())
    counting.count()
    proxy.set("predict", "green", eresp=1)
    counting.count()

    assert sum(cell.answered for cell in told()[MINUTE]) == 10


def test_an_agent_that_starts_counts_nothing_of_the_time_before_it(counting, proxy, told):
    proxy.set("predict", "green", econ=1000)
    counting.count()

    assert told() == {}


def test_an_edge_proxy_that_was_restarted_counts_from_nothing_again(counting, proxy, told):
    proxy.set("predict", "green", econ=50)
    counting.count()
    proxy.set("predict", "green", econ=3)
    counting.count()

    assert failed(told()) == {0: 3}


def test_while_it_does_not_answer_nothing_is_counted_and_afterwards_all_of_it(counting, proxy, told):
    counting.count()
    proxy.down = True
    counting.count()
    proxy.down = False
    proxy.set("predict", "green", econ=2)
    counting.count()

    assert failed(told()) == {0: 2}


def test_minutes_that_nobody_asks_for_any_more_are_forgotten(counting, proxy, machine, at):
    counting.count()
    proxy.set("predict", "blue", econ=1)
    counting.count()
    at(91)
    proxy.set("predict", "blue", econ=2)
    counting.count()

    kept = (machine.measurements / "blue" / "edge.json").read_text()
    assert str(MINUTE + 91) in kept
    assert str(MINUTE) + '"' not in kept
