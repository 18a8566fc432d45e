import os

import pytest

from agent.measuring_rounds import MeasuringRounds, machine_name
from lifecycle import clock
from lifecycle.machine import MachineDirectory
from lifecycle.measurements.cell import Cell
from lifecycle.measurements.document import Measurements
from lifecycle.measurements.fleet import FleetReader, open_gate

HOUR_MS = 3_600_000
NOW_MS = 500_000 * HOUR_MS + 40 * 60_000
MINUTE = NOW_MS // 60_000


@pytest.fixture
def machine(settings):
    return MachineDirectory(settings.machine_dir)


@pytest.fixture
def rounds(registry, machine, at):
    at(NOW_MS)
    return MeasuringRounds(registry.control, machine)


@pytest.fixture
def at(monkeypatch):
    def set_time(now_ms):
        monkeypatch.setattr(clock, "unix_ms", lambda: now_ms)

    return set_time


@pytest.fixture
def counted(machine):
    """What a process has in its file."""

    def write(name, minutes, colour="blue", age_s=0):
        path = machine.measurements / colour / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(Measurements(minutes=minutes, written_ms=NOW_MS).to_bytes())
        os.utime(path, (NOW_MS / 1000 - age_s, NOW_MS / 1000 - age_s))
        return path

    return write


def told(rounds, since=MINUTE - 120):
    return FleetReader(rounds.control).read(since)


def test_the_processes_of_a_machine_are_added(rounds, counted):
    counted("first", {MINUTE: [Cell(version="v1", ok=2)]})
    counted("second", {MINUTE: [Cell(version="v1", ok=3)]})
    rounds.once()

    assert told(rounds).everywhere()[MINUTE][0].ok == 5


def test_each_colour_is_told_apart(rounds, counted):
    counted("first", {MINUTE: [Cell(ok=2)]}, colour="blue")
    counted("second", {MINUTE: [Cell(ok=3)]}, colour="green")
    rounds.once()

    assert {colour: cells[MINUTE][0].ok for colour, cells in told(rounds).colours.items()} == {
        "blue": 2,
        "green": 3,
    }


def test_a_machine_without_traffic_says_that_it_lives(rounds, counted):
    counted("first", {})
    rounds.once()

    assert told(rounds).newest_ms == NOW_MS


def test_a_round_may_be_repeated(rounds, counted):
    counted("first", {MINUTE: [Cell(ok=2)]})
    for _ in range(4):
        rounds.once()

    assert told(rounds).everywhere()[MINUTE][0].ok == 2


def test_what_came_late_in_an_hour_is_told_in_the_next(rounds, counted, at):
    late = MINUTE // 60 * 60 + 59
    counted("first", {late: [Cell(ok=2)]})
    at((late + 1) * 60_000)
    rounds.once()

    assert told(rounds).everywhere()[late][0].ok == 2


def test_an_hour_of_which_a_process_has_only_a_part_is_left_as_it_was_told(rounds, counted, at):
    """Late in the next hour the processes have forgotten its beginning: told again it would lose that."""
    first = MINUTE // 60 * 60
    counted("first", {first: [Cell(ok=2)], MINUTE: [Cell(ok=2)]})
    rounds.once()
    counted("first", {MINUTE: [Cell(ok=2)]})
    at(NOW_MS + HOUR_MS)
    rounds.once()

    assert sorted(told(rounds).everywhere()) == [first, MINUTE]


def test_a_process_that_died_is_still_counted_and_forgotten_hours_later(rounds, counted):
    dead = counted("dead", {MINUTE: [Cell(ok=2)]}, age_s=600)
    gone = counted("gone", {MINUTE: [Cell(ok=5)]}, age_s=7300)
    rounds.once()

    assert told(rounds).everywhere()[MINUTE][0].ok == 2
    assert (dead.exists(), gone.exists()) == (True, False)


def test_a_damaged_file_costs_only_itself(rounds, counted):
    counted("good", {MINUTE: [Cell(ok=2)]})
    counted("bad", {}).write_bytes(b"{")
    rounds.once()

    assert told(rounds).everywhere()[MINUTE][0].ok == 2


def test_a_machine_keeps_its_name_and_another_folder_is_another_machine(machine, tmp_path):
    assert machine_name(machine) == machine_name(machine)
    assert machine_name(machine) != machine_name(MachineDirectory(tmp_path / "other"))


def test_an_open_gate_makes_every_round_due(rounds, registry):
    rounds._last = clock.monotonic()
    assert not rounds.due()
    open_gate(registry.control, "rollout")

    assert rounds.due()
