import threading
from pathlib import Path

import pytest

from lifecycle import clock, heartbeats
from lifecycle.heartbeats import FRESH_S, Heartbeat, folder_of, fresh, keep_beating
from lifecycle.settings import Settings
from tests.edge import wait_until


@pytest.fixture
def time(monkeypatch):
    class Time:
        now = 1000.0

    monkeypatch.setattr(clock, "monotonic", lambda: Time.now)
    return Time


def beating(folder, worker="0"):
    heartbeat = Heartbeat.of(Settings(bind=f"unix:{folder}/web.sock"), worker)
    heartbeat.beat()
    return heartbeat


def test_a_heartbeat_counts_while_it_is_fresh(tmp_path, time):
    beating(tmp_path)
    assert fresh(tmp_path) == 1

    time.now += FRESH_S + 0.1
    assert fresh(tmp_path) == 0


def test_each_worker_counts_for_itself_and_one_that_ended_no_more(tmp_path, time):
    first, _second = beating(tmp_path, "0"), beating(tmp_path, "1")
    assert fresh(tmp_path) == 2

    first.end()
    assert fresh(tmp_path) == 1


def test_a_beat_costs_a_write_a_second_at_most(tmp_path, time):
    heartbeat = beating(tmp_path)
    heartbeat.path.unlink()

    heartbeat.beat()
    assert fresh(tmp_path) == 0

    time.now += heartbeats.EVERY_S
    heartbeat.beat()
    assert fresh(tmp_path) == 1


def test_what_is_left_of_an_earlier_boot_is_not_fresh(tmp_path, time):
    beating(tmp_path)
    time.now = 5.0

    assert fresh(tmp_path) == 0


def test_a_torn_file_and_a_missing_folder_are_no_heartbeat(tmp_path):
    (tmp_path / "heartbeat-0").write_text("")

    assert fresh(tmp_path) == 0
    assert fresh(tmp_path / "none") == 0


def test_a_disk_that_takes_nothing_does_not_end_the_service(tmp_path):
    heartbeat = Heartbeat(tmp_path / "no" / "heartbeat-0")

    heartbeat.beat()
    heartbeat.end()


def test_a_process_of_any_kind_shows_that_it_lives_until_it_ends(tmp_path):
    stop, alive = threading.Event(), threading.Event()
    keep_beating(Settings(heartbeat_dir=str(tmp_path)), "agent", alive.is_set, stop)
    assert fresh(tmp_path) == 0

    alive.set()
    wait_until(lambda: fresh(tmp_path) == 1)

    stop.set()
    wait_until(lambda: fresh(tmp_path) == 0)


def test_where_nobody_looks_nothing_is_shown():
    keep_beating(Settings(), "agent", lambda: True, threading.Event())

    assert "heartbeat" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    ("bind", "folder"), [("unix:/run/blue/web.sock", Path("/run/blue")), ("", None), ("127.0.0.1:80", None)]
)
def test_heartbeats_lie_beside_the_socket(bind, folder):
    assert folder_of(bind) == folder
    assert folder_of(bind, "/elsewhere") == (folder or Path("/elsewhere"))
