from datetime import timedelta

import pytest

from lifecycle import clock
from lifecycle.claims import ClaimEndedError, ClaimHeldError, claimed
from lifecycle.prediction_log.housekeeping import JOB, Compacted, Housekeeping
from lifecycle.prediction_log.segment_index import hours_of, listings
from tests.log_builders import START, THREE_HOURS, Machine
from tests.record_builders import HOUR, NOON, record, records_area

HOURS = hours_of(THREE_HOURS)


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    for start in (0, 10):
        made.predict(
            *(
                record(f"ID{n}", at_ms=NOON + n % 3 * HOUR, unit_id=f"unit{n}", row_keys=[f"key{n}"])
                for n in range(start, start + 10)
            )
        )
    made.label_by_key({"key1": "late", "key2": "late"}, received_ms=NOON + 2 * HOUR)
    return made


@pytest.fixture
def house(machine):
    return Housekeeping(records_area(machine.folder / "control"), machine.area, machine.cache)


def test_compaction_keeps_every_row_and_label(house, machine):
    rows, labels = machine.rows(), machine.labels()

    assert house.compact(HOURS) == Compacted(hours=4)
    assert rows == machine.rows()
    assert labels == machine.labels() == {"ID1-0": "late", "ID2-0": "late"}
    assert house.compact(HOURS) == Compacted()


def test_every_job_waits_for_the_one_claim(house):
    jobs = [
        lambda: house.compact(HOURS),
        lambda: house.expire(clock.now(), timedelta(days=1)),
        lambda: house.delete_units(["unit1"], HOURS),
    ]
    with claimed(house.control, JOB, 60):
        for job in jobs:
            with pytest.raises(ClaimHeldError):
                job()
    for job in jobs:
        job()


def test_late_rows_of_deleted_subjects_go_with_the_next_compaction(house, machine):
    machine.record(record("LATE", unit_id="unit1", row_keys=["late"]))
    assert house.delete_units(["unit1"], HOURS) == 1
    machine.label_by_key({"late": "late"}, received_ms=NOON + 2 * HOUR)

    assert house.compact(HOURS).erased == 1
    assert len(machine.rows()) == 19
    assert machine.labels() == {"ID2-0": "late"}


def test_expiry_counts_back_from_now(house, machine):
    house.expire(START + timedelta(days=3, hours=1), timedelta(days=3))

    assert {listing.hour for listing in listings(machine.area, "prediction", HOURS)} == {HOURS[1], HOURS[2]}


def test_a_job_ends_at_its_limit_and_nothing_is_lost(machine):
    control = records_area(machine.folder / "control")
    late = Housekeeping(control, machine.area, machine.cache, limit_s=0.0)
    before = machine.rows()
    with pytest.raises(ClaimEndedError):
        late.compact(HOURS)

    assert before == machine.rows()
    assert Housekeeping(control, machine.area, machine.cache).compact(HOURS).hours == 4
