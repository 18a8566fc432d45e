"""Housekeeping as an operator does it, on a real store."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from agent.shipper import Shipper
from lifecycle import clock
from lifecycle.adapters.opening import open_records
from lifecycle.installation_keys import RECORDS, create_key
from lifecycle.prediction_log.recording import recorder_for
from lifecycle.prediction_log.records import Feedback
from lifecycle.prediction_log.segment_index import held_hours
from picklefleet.__main__ import main
from tests.prove.stored import stored_ids
from tests.record_builders import HOUR, SIGNATURE, record

DAY = 24 * HOUR


@pytest.fixture
def environment(settings, monkeypatch):
    create_key(RECORDS, settings.keys_dir)
    names = {name: str(getattr(settings, name.lower())) for name in ("STORE", "MACHINE_DIR", "KEYS_DIR")}
    found = {f"PICKLEFLEET_{name}": value for name, value in names.items()}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def keep(environment, settings):
    """Ship one request for each (id, age in ms, unit), each in a segment of its own."""

    def run(*requests, **changes):
        for base, age_ms, unit in requests:
            writing = recorder_for(replace(settings, **changes))
            at_ms = clock.unix_ms() - age_ms
            writing.prediction(SIGNATURE, record(base, at_ms=at_ms, unit_id=unit))
            writing.feedback(
                Feedback(
                    prediction_ids=[f"{base}-0"], actuals=["late"], observed_ms=[None], received_ms=at_ms
                )
            )
            writing.close()
            Shipper(open_records(settings), settings.machine_dir / "spool").ship()

    return run


def run(*arguments, exit_code=0, **more):
    result = CliRunner().invoke(main, ["log", *arguments], **more)
    assert result.exit_code == exit_code, result.output
    return result.output


def test_a_unit_is_forgotten_with_its_feedback_and_the_others_stay(keep, environment, settings):
    keep(("A", 0, "ann"), ("B", 0, "bob"), ("C", 3 * DAY, "ann"))

    assert "records of 2 requests" in run("forget", "--unit", "ann", "--yes")

    assert not any(settings.machine_dir.glob("cache/segments/*"))
    assert "Compacted 0" in run("compact")
    left = {kind: rows_left(environment, kind) for kind in ("prediction", "feedback")}
    assert left == {"prediction": ["B-0"], "feedback": ["B-0"]}


def test_a_unit_that_is_hashed_in_the_log_is_forgotten_by_its_own_name(keep, environment):
    keep(("A", 0, "ann"), hash_unit_ids="on")

    assert "records of 1 requests" in run("forget", "--unit", "ann", "--yes")


def test_forgetting_asks_first(keep, environment):
    keep(("A", 0, "ann"))

    assert "Delete all records about ann?" in run("forget", "--unit", "ann", exit_code=1, input="n\n")
    assert stored_ids(environment) == ["A-0"]


def test_expiry_deletes_what_is_older_than_the_setting(keep, environment, monkeypatch):
    keep(("A", 10 * DAY, "ann"), ("B", 0, "bob"))
    monkeypatch.setenv("PICKLEFLEET_RETENTION_DAYS", "9")

    assert "Deleted 2 files" in run("expire")
    assert stored_ids(environment) == ["B-0"]


def test_full_hours_are_compacted_and_the_running_one_is_left(keep, environment):
    keep(("A", 2 * DAY, "ann"), ("B", 2 * DAY, "bob"), ("C", 0, "cid"))

    assert run("compact") == "Compacted 2 hours, deleted 0 replaced files.\n"


def test_an_empty_log_needs_nothing(environment, settings):
    assert held_hours(open_records(settings)) == range(0)
    assert run("compact") == "Compacted 0 hours, deleted 0 replaced files.\n"


def rows_left(environment, kind):
    """In raw and compacted segments together."""
    return sorted([*stored_ids(environment, kind), *stored_ids(environment, kind, root="compacted/")])
