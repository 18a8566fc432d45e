import pytest

from lifecycle.prediction_log.compaction import Compactor, compact_hours, sweep
from lifecycle.prediction_log.segment_index import hours_of
from tests.log_builders import THREE_HOURS, Machine
from tests.record_builders import HOUR, NOON, record

LATER = NOON + 5 * HOUR


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    made.predict(
        record("A", rows=2, owner="ann", row_keys=["UA1", "UA2"]),
        record("B", owner="bob", row_keys=["UA1"], at_ms=NOON + HOUR),
        record("C", owner="ann"),
    )
    return made


def coverage(machine):
    return machine.log.coverage(THREE_HOURS)


def test_a_label_finds_its_row_by_owner_and_key(machine):
    machine.label_by_key({"UA1": "late"}, owner="ann")

    assert machine.labels() == {"A-0": "late"}
    assert coverage(machine).labelled == 1


def test_a_key_of_somebody_else_labels_nothing(machine):
    machine.label_by_key({"UA2": "late", "UA9": "late"}, owner="bob")

    assert machine.labels() == {}


def test_a_row_without_a_key_is_never_labelled_by_one(machine):
    machine.label_by_key({"": "late"}, owner="ann")

    assert machine.labels() == {}


def test_the_same_value_by_id_and_by_key_is_one_label_and_no_conflict(machine):
    machine.label({"A-0": "late"}, owner="ann")
    machine.label_by_key({"UA1": "late"}, owner="ann", received_ms=LATER)
    machine.label_by_key({"UA1": "late"}, owner="ann", received_ms=LATER)
    found, _ = machine.log.labelled(THREE_HOURS, [])

    assert found["prediction_id"].tolist() == ["A-0"]
    assert found["received_ms"].tolist() == [NOON + HOUR], "the first arrival"
    assert (coverage(machine).labelled, coverage(machine).conflicts) == (1, 0)


@pytest.mark.parametrize(
    ("by_id_at", "by_key_at", "stands"),
    [(NOON + HOUR, LATER, "by key"), (LATER, NOON + HOUR, "by id"), (LATER, LATER, "by key")],
)
def test_the_latest_by_arrival_stands_however_it_was_told(machine, by_id_at, by_key_at, stands):
    machine.label({"A-0": "by id"}, received_ms=by_id_at)
    machine.label_by_key({"UA1": "by key"}, owner="ann", received_ms=by_key_at)

    assert machine.labels() == {"A-0": stands}
    assert coverage(machine).conflicts == 1


def test_two_values_by_key_are_a_conflict(machine):
    machine.label_by_key({"UA1": "late", "UA2": "late"}, owner="ann")
    machine.label_by_key({"UA1": "on time"}, owner="ann", received_ms=LATER)

    assert machine.labels() == {"A-0": "on time", "A-1": "late"}
    assert (coverage(machine).labelled, coverage(machine).conflicts) == (2, 1)


def test_a_conflict_by_id_stays_one_when_a_key_agrees_with_the_latest(machine):
    machine.label({"A-0": "on time"})
    machine.label({"A-0": "late"}, received_ms=NOON + 2 * HOUR)
    machine.label_by_key({"UA1": "late"}, owner="ann", received_ms=LATER)

    assert coverage(machine).conflicts == 1


def test_a_key_that_is_used_again_later_does_not_take_the_earlier_label(machine):
    machine.label_by_key({"UA1": "late"}, owner="ann", received_ms=NOON + HOUR)
    machine.predict(record("D", owner="ann", row_keys=["UA1"], at_ms=NOON + HOUR + 1))

    assert machine.labels() == {"A-0": "late"}


def test_every_prediction_under_the_key_before_the_label_takes_it(machine):
    machine.predict(record("D", owner="ann", row_keys=["UA1"], at_ms=NOON + 2 * HOUR))
    machine.label_by_key({"UA1": "late"}, owner="ann", received_ms=LATER)

    assert machine.labels() == {"A-0": "late", "D-0": "late"}


def test_keys_of_any_characters(machine):
    keys = ["it's", "\U0010ffff𝄞", "key:", "~~", "0A-0"]
    machine.predict(record("K", rows=len(keys), row_keys=keys))
    machine.label_by_key(dict.fromkeys(keys, "late"))

    assert machine.labels() == {f"K-{row}": "late" for row in range(len(keys))}


def test_compacted_labels_by_key_and_by_id_are_found_alike(machine):
    machine.label({"A-1": "late", "B-0": "late"})
    machine.label_by_key({"UA1": "late"}, owner="ann", received_ms=LATER)
    before = machine.labels()
    hours = range(hours_of(THREE_HOURS).start, hours_of(THREE_HOURS).stop + 10)
    compact_hours(Compactor(machine.area, machine.cache), hours)
    sweep(machine.area, hours, keep=-THREE_HOURS.end.resolution)

    assert before == {"A-0": "late", "A-1": "late", "B-0": "late"}
    assert before == machine.labels()


def test_a_number_and_its_correction_to_a_number(machine):
    machine.label({"A-0": 3.5})
    machine.label_by_key({"UA1": 4.5}, owner="ann", received_ms=LATER)
    found, _ = machine.log.labelled(THREE_HOURS, [])

    assert found["actual_number"].tolist() == [4.5]
