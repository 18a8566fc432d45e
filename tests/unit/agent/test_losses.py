"""What a disk spoilt is in the coverage of its window."""

from datetime import timedelta

import pytest

from agent.shipper import Shipper
from lifecycle import clock
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.reading import Coverage
from lifecycle.prediction_log.record_schema import FEEDBACK, prediction_schema
from lifecycle.prediction_log.spool import SpoolWriter
from lifecycle.prediction_log.spool_files import spool_files
from lifecycle.window import Window
from tests.log_builders import Machine
from tests.record_builders import SIGNATURE, new_id, record


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def around_now():
    return Window(clock.now() - timedelta(hours=2), clock.now() + timedelta(hours=2))


def coverage(machine) -> Coverage:
    return machine.log.coverage(around_now())


def record_now(machine, events, rows=2):
    there = {spool.path for spool in spool_files(machine.spool)}
    machine.record(*(record(new_id(rows), at_ms=clock.unix_ms(), rows=rows) for _ in range(events)))
    (new,) = {
        spool.path for spool in spool_files(machine.spool)
    } - there  # two of one millisecond have no order
    return new


def spoil(path, *places):
    data = bytearray(path.read_bytes())
    for place in places:
        start = [n for n in range(len(data)) if data.startswith(b"\xffPF1", n)][place]
        data[start + 30] ^= 0xFF
    path.write_bytes(bytes(data))


def test_damaged_places_are_told_and_the_rest_is_there(machine):
    spoil(record_now(machine, 8), 2, 5)
    machine.ship()

    assert coverage(machine).seen == 12
    assert coverage(machine).dropped == {"damaged": 2}
    assert coverage(machine).served == 14, "at least: each place held an event or more"


def test_a_spool_without_a_header_counts_all_of_its_rows(machine):
    spoil(record_now(machine, 3), 0)
    machine.ship()

    assert coverage(machine).seen == 0
    assert coverage(machine).dropped == {"damaged": 1, "unreadable": 6}


def test_events_that_cannot_be_read_are_told(machine):
    writing = SpoolWriter(machine.spool, "prediction", prediction_schema(SIGNATURE).to_bytes(), SpoolLimits())
    writing.append(b'{"id":"A","rows":1}', 1)
    writing.append(b"not JSON", 1)
    writing.close()
    record_now(machine, 1)
    machine.ship()

    assert coverage(machine).dropped == {"unreadable": 2}
    assert coverage(machine).seen == 2


def test_lost_feedback_is_told_apart_from_lost_predictions(machine):
    writing = SpoolWriter(machine.spool, "feedback", FEEDBACK.to_bytes(), SpoolLimits())
    writing.append(b"not JSON", 1)
    writing.close()
    machine.ship()

    assert coverage(machine).dropped == {}
    assert coverage(machine).feedback_dropped == {"unreadable": 1}


def test_a_whole_spool_tells_nothing(machine):
    record_now(machine, 3)
    machine.ship()

    assert machine.area.list("kind=drops") == []


@pytest.mark.parametrize("step", ["converted", "put", "all_put", "spool_deleted", "plan_deleted"])
def test_killed_after_any_step_it_is_told_once(machine, step):
    class PowerCut(BaseException):
        pass

    def cut(reached):
        if reached == step:
            raise PowerCut

    spoil(record_now(machine, 4), 2)
    with pytest.raises(PowerCut):
        Shipper(machine.area, machine.spool, at=cut).ship()
    machine.ship()

    assert coverage(machine).dropped == {"damaged": 1}
    assert coverage(machine).seen == 6


def test_killed_while_setting_spools_aside_none_of_them_is_thrown_away(machine):
    class PowerCut(BaseException):
        pass

    def cut(step):
        if step == "planned":
            raise PowerCut

    bad = [record_now(machine, 3) for _ in range(3)]
    for path in bad:
        spoil(path, 0)
    with pytest.raises(PowerCut):
        Shipper(machine.area, machine.spool, at=cut).ship()
    bad[0].rename(bad[0].with_suffix(".damaged"))
    machine.ship()

    assert all(path.with_suffix(".damaged").exists() for path in bad)
    assert spool_files(machine.spool) == []
