import errno
from dataclasses import replace
from pathlib import Path
from typing import get_args

import orjson
import pytest

from lifecycle.installation_keys import RECORDS, create_key, load_records_key
from lifecycle.machine import MachineDirectory
from lifecycle.metrics import NullMetrics
from lifecycle.prediction_log.drop_counts import Reason
from lifecycle.prediction_log.recording import recorder_for, spool_is_sound
from lifecycle.prediction_log.records import unit_key
from lifecycle.prediction_log.spool_files import read_events, spool_files
from tests.record_builders import SIGNATURE, record


@pytest.fixture
def recording(settings):
    """Record one request of the unit `tail-1` with these settings; the events in the spool, without headers."""
    create_key(RECORDS, settings.keys_dir)

    def run(told=lambda _reason, _rows: None, **changes):
        writing = recorder_for(replace(settings, **changes), told)
        kept = writing.prediction(SIGNATURE, record("A", unit_id="tail-1", rows=2))
        writing.close()
        spools = spool_files(MachineDirectory(settings.machine_dir).spool)
        return kept, [orjson.loads(event) for spool in spools for event in list(read_events(spool.path))[1:]]

    return run


def test_records_go_to_the_machine_s_spool_as_the_settings_say(recording):
    kept, (event,) = recording()

    assert kept
    assert event["unit_id"] == "tail-1"


def test_units_are_hashed_by_the_records_key_where_the_settings_say_so(recording, settings):
    _, (event,) = recording(hash_unit_ids="on")

    assert event["unit_id"] == unit_key("tail-1", load_records_key(settings))


def test_what_is_left_out_is_told_with_its_reason_and_rows(recording):
    told = []

    kept, events = recording(lambda reason, rows: told.append((reason, rows)), spool_budget_bytes=1)

    assert (kept, events, told) == (False, [], [("budget", 2)])


def test_every_reason_can_be_measured():
    for reason in get_args(Reason):
        NullMetrics().increment("records_dropped", 1, reason=reason)


def test_a_spool_that_can_be_written_is_sound_and_left_clean(tmp_path):
    assert spool_is_sound(tmp_path / "spool")
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_spool_that_can_not_be_written_asks_for_a_fresh_machine(tmp_path):
    (tmp_path / "file").write_text("where the folder should be")

    assert not spool_is_sound(tmp_path / "file" / "spool")


def test_a_full_disk_does_not(tmp_path, monkeypatch):
    def full(_path, _data):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "write_bytes", full)

    assert spool_is_sound(tmp_path)
