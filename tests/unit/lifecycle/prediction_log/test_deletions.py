"""Deletion by subject: what lies in the store, what comes later, and the feedback on both."""

from datetime import timedelta

import pytest

from lifecycle import clock
from lifecycle.errors import NotFoundError, StoreUnavailableError
from lifecycle.prediction_log.compaction import (
    Compactor,
    compact_hours,
    delete_units,
    erase_late,
    expire,
    sweep,
)
from lifecycle.prediction_log.deletions import deletions_since, record_deletion
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.segment_index import hours_of, listings
from lifecycle.window import Window
from tests.log_builders import START, THREE_HOURS, Machine
from tests.record_builders import HOUR, NOON, record

HOURS = hours_of(THREE_HOURS)
LONG_AFTER = NOON + 9 * HOUR


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    made.predict(
        record("ANN1", unit_id="ann", row_keys=["annkey"], owner="k1"),
        record("BOB", unit_id="bob", row_keys=["bobkey"], owner="k1"),
        record("NOBODY"),
    )
    made.predict(record("ANN2", unit_id="ann", at_ms=NOON + HOUR))
    made.label({"ANN1-0": "late", "BOB-0": "late", "ANN2-0": "late"})
    made.label_by_key({"annkey": "late", "bobkey": "late"}, owner="k1", received_ms=LONG_AFTER)
    return made


def traces(machine):
    stored = [path.read_bytes() for path in (machine.folder / "store").rglob("*") if path.is_file()]
    return [data for data in stored if b"ann" in data or b"ANN" in data]


@pytest.mark.parametrize("compacted", [False, True])
def test_a_subject_is_deleted_with_labels_and_without_a_trace(machine, compacted):
    if compacted:
        compact_hours(Compactor(machine.area, machine.cache), HOURS)
    assert traces(machine)
    assert delete_units(machine.area, machine.cache, ["ann"], HOURS) == 2

    assert set(machine.rows()) == {"BOB-0", "NOBODY-0"}
    assert machine.labels() == {"BOB-0": "late"}
    assert traces(machine) == []


def test_a_row_that_was_still_in_a_spool_is_left_out_when_it_comes(machine):
    machine.record(record("ANN3", unit_id="ann"), record("BOB2", unit_id="bob"))
    delete_units(machine.area, machine.cache, ["ann"], HOURS)
    machine.ship()

    assert set(machine.rows()) == {"BOB-0", "NOBODY-0", "BOB2-0"}
    assert traces(machine), "shipped, and not erased yet"


def test_without_the_deletions_note_the_late_row_would_be_read(machine):
    """The broken twin: the note is what keeps it out."""
    machine.record(record("ANN3", unit_id="ann"))
    delete_units(machine.area, machine.cache, ["ann"], HOURS)
    for key in machine.area.list("deletions"):
        machine.area.delete(key)
    machine.ship()

    assert "ANN3-0" in machine.rows()


def test_compaction_leaves_late_rows_out_for_good(machine):
    machine.record(record("ANN3", unit_id="ann"), record("BOB2", unit_id="bob"))
    delete_units(machine.area, machine.cache, ["ann"], HOURS)
    machine.ship()
    compact_hours(Compactor(machine.area, machine.cache), HOURS)
    sweep(machine.area, HOURS, keep=timedelta(0))

    assert set(machine.rows()) == {"BOB-0", "NOBODY-0", "BOB2-0"}
    assert traces(machine) == []


def test_late_rows_are_erased_with_the_feedback_on_them(machine):
    machine.record(record("ANN3", unit_id="ann", row_keys=["annother"], owner="k1"))
    delete_units(machine.area, machine.cache, ["ann"], HOURS)
    machine.label({"ANN3-0": "late"})
    machine.label_by_key({"annother": "late"}, owner="k1", received_ms=LONG_AFTER)

    assert erase_late(machine.area, machine.cache, HOURS) == 1
    assert traces(machine) == []
    assert erase_late(machine.area, machine.cache, HOURS) == 0
    assert machine.labels() == {"BOB-0": "late"}


def test_who_comes_back_after_the_deletion_is_new(machine):
    delete_units(machine.area, machine.cache, ["ann"], HOURS)
    later = clock.unix_ms() + 1
    machine.predict(record("ANN9", unit_id="ann", at_ms=later))
    now = clock.now()

    assert set(machine.rows(Window(now - timedelta(hours=2), now + timedelta(hours=2)))) == {"ANN9-0"}


def test_deleting_somebody_unknown_changes_no_record(machine):
    before = machine.area.list()

    assert delete_units(machine.area, machine.cache, ["carol"], HOURS) == 0
    assert [key for key in machine.area.list() if not key.startswith("deletions/")] == before


def test_deleting_nobody_leaves_no_note(machine):
    assert delete_units(machine.area, machine.cache, [], HOURS) == 0
    assert machine.area.list("deletions") == []


def test_a_note_names_nobody(machine):
    record_deletion(machine.area, ["ann"])
    record_deletion(machine.area, ["ann"])
    first, second = deletions_since(machine.area, 0)

    assert not any("ann" in text for text in (first.salt, *first.units))
    assert first.units != second.units, "two notes can't be matched with one another"


def test_a_unit_of_any_characters_is_found(machine):
    odd = "o'neil \N{SNOWMAN} \\ \""
    machine.record(record("ODD", unit_id=odd))
    record_deletion(machine.area, [odd])
    machine.ship()

    assert "ODD-0" not in machine.rows()


def test_hours_without_the_subject_are_not_written_anew(machine):
    compact_hours(Compactor(machine.area, machine.cache), HOURS)
    before = {listing.hour: listing.index.number for listing in listings(machine.area, "prediction", HOURS)}
    delete_units(machine.area, machine.cache, ["bob"], HOURS)
    after = {listing.hour: listing.index.number for listing in listings(machine.area, "prediction", HOURS)}

    assert [after[hour] - before[hour] for hour in sorted(before)] == [1, 0]


def test_killed_half_way_a_second_run_ends_it(machine):
    class CutError(Exception):
        pass

    for allowed in range(30):
        steps = iter(range(allowed))

        def still(steps=steps):
            if next(steps, None) is None:
                raise CutError

        try:
            delete_units(machine.area, machine.cache, ["ann"], HOURS, still=still)
        except CutError:
            continue
        break

    assert allowed > 3
    assert traces(machine) == []
    assert machine.labels() == {"BOB-0": "late"}


def test_a_compaction_in_between_is_told_and_not_taken_for_a_deletion(machine):
    class Racing:
        def create(self, key, data):
            if key.startswith("index/kind=prediction"):
                machine.area.create(key, data)
            machine.area.create(key, data)

        def __getattr__(self, name):
            return getattr(machine.area, name)

    with pytest.raises(StoreUnavailableError, match="Run it again"):
        delete_units(Racing(), machine.cache, ["ann"], HOURS)


def test_notes_go_when_all_their_rows_are_expired(machine):
    delete_units(machine.area, machine.cache, ["ann"], HOURS)
    expire(machine.area, START + timedelta(days=1))
    assert len(machine.area.list("deletions")) == 1
    expire(machine.area, clock.now() + timedelta(hours=2))

    assert machine.area.list() == []


def test_a_reader_that_holds_an_old_list_is_told_that_it_is_old(machine):
    old = listings(machine.area, "prediction", HOURS)
    delete_units(machine.area, machine.cache, ["ann"], HOURS)
    empty = SegmentCache(machine.area, machine.folder / "another")

    with pytest.raises(NotFoundError):
        empty.fetch(old[0].keys)
