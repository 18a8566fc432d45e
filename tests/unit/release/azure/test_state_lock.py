from datetime import UTC, datetime

import pytest

from release.azure.state_lock import LockNote, StateLock, lock_in, may_break, note_from_bytes

REFUSAL = """╷
│ Error: Error acquiring the state lock
│
│ Error message: state blob is already locked
│ Lock Info:
│   ID:        43910e54-0a19-e7f9-73a4-f2de52a81e90
│   Path:      production-traffic/terraform.tfstate
│   Operation: OperationTypeApply
│   Who:       picklefleet@runner000001
│   Version:   1.11.4
│   Created:   2026-11-26 16:56:29.402 +0000 UTC
│   Info:
╵
"""
AT = datetime(2026, 11, 26, 16, 56, 29, 402000, tzinfo=UTC)
LOCK = StateLock("43910e54-0a19-e7f9-73a4-f2de52a81e90", "picklefleet@runner000001", AT)


def note(claim, second, who="picklefleet@runner000001"):
    return LockNote(claim, who, f"2026-11-26T16:56:{second:02d}.000Z")


def test_terraforms_refusal_tells_the_lock():
    assert lock_in(REFUSAL) == LOCK


@pytest.mark.parametrize(
    "told",
    [
        "",
        "Error: Invalid value for variable",
        REFUSAL.replace("Created", "Made"),
        REFUSAL.replace("+0000", "+0100"),
    ],
)
def test_any_other_failure_tells_none(told):
    assert lock_in(told) is None


def test_an_older_claims_walker_left_it():
    assert may_break(LOCK, [note(3, 20), note(4, 40)], 4)


@pytest.mark.parametrize(
    "notes",
    [
        [],
        [note(3, 20, who="somebody@laptop")],  # a person works there
        [note(4, 20)],  # this very claim's own
        [note(3, 10), note(4, 20)],
        [note(3, 40)],  # that walker began later: the lock is another's
        [note(5, 20)],  # a newer claim's
    ],
)
def test_whoever_elses_lock_stays(notes):
    assert not may_break(LOCK, notes, 4)


def test_a_walker_that_began_in_the_very_second_is_told_apart():
    late = LockNote(4, LOCK.who, "2026-11-26T16:56:29.800Z")

    assert may_break(LOCK, [note(3, 20), late], 4)


@pytest.mark.parametrize(
    "created", ["2026-11-26 16:56:29 +0000 UTC", "2026-11-26 16:56:29.402123456 +0000 UTC"]
)
def test_gos_times_are_read_with_whatever_digits(created):
    told = REFUSAL.replace("2026-11-26 16:56:29.402 +0000 UTC", created)

    assert lock_in(told).created.replace(microsecond=0) == AT.replace(microsecond=0)


def test_a_note_comes_back_as_it_was_written():
    assert note_from_bytes(note(3, 20).to_bytes()) == note(3, 20)
    assert note_from_bytes(b"{") is None
