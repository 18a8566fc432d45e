"""The worker keeps the log: full hours become one segment, what is too old goes, one machine at a time."""

from datetime import timedelta

import pytest

from agent.shipper import Shipper
from drift_jobs.log_keeping import LogKeeping
from lifecycle import clock
from lifecycle.adapters.object_store import open_store
from lifecycle.claims import claimed
from lifecycle.installation_keys import RECORDS, create_key
from lifecycle.prediction_log.housekeeping import JOB, Housekeeping
from lifecycle.prediction_log.recording import recorder_for
from lifecycle.prediction_log.segment_cache import SegmentCache
from tests.record_builders import HOUR, SIGNATURE, record


@pytest.fixture
def store(settings):
    return open_store(settings)


@pytest.fixture
def ship(settings, store):
    """Record one request at each age (ms), each shipped in a segment of its own."""
    create_key(RECORDS, settings.keys_dir)

    def run(*ages_ms):
        for number, age_ms in enumerate(ages_ms):
            recorder = recorder_for(settings)
            recorder.prediction(SIGNATURE, record(f"R{number}", at_ms=clock.unix_ms() - age_ms))
            recorder.close()
            Shipper(store.area("records"), settings.machine_dir / "spool").ship()

    return run


@pytest.fixture
def keeping(settings, store):
    records = store.area("records")
    cache = SegmentCache(records, settings.machine_dir / "segments")
    return LogKeeping(Housekeeping(store.area("control"), records, cache), timedelta(days=30))


def indexes(store):
    return store.area("records").list("index")


def test_full_hours_are_compacted_and_the_running_hour_is_left(ship, keeping, store):
    ship(3 * HOUR, 3 * HOUR + 1, 0)

    keeping.once()

    assert len(indexes(store)) == 1


def test_hours_of_long_ago_are_left_to_the_command(ship, keeping, store):
    ship(20 * 24 * HOUR)

    keeping.once()

    assert indexes(store) == []


def test_what_is_older_than_it_may_be_goes(ship, keeping, store):
    ship(40 * 24 * HOUR, 20 * 24 * HOUR)

    keeping.once()

    assert len(store.area("records").list("kind=prediction")) == 1


def test_while_another_machine_is_at_it_nothing_is_done(ship, keeping, store):
    ship(3 * HOUR)

    with claimed(store.area("control"), JOB, 60.0):
        keeping.once()

    assert indexes(store) == []


def test_a_second_round_has_nothing_to_do(ship, keeping, store):
    ship(3 * HOUR, 3 * HOUR + 1)
    keeping.once()
    before = indexes(store)

    keeping.once()

    assert indexes(store) == before
