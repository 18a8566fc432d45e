import pytest

from lifecycle import clock
from lifecycle.measurements.document import from_bytes
from lifecycle.measurements.measuring import KEPT_MINUTES, Answered, Measuring


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "blue"


@pytest.fixture
def measuring(folder, monkeypatch):
    monkeypatch.setattr("threading.Thread.start", lambda _self: None)  # the test flushes itself
    made = Measuring(folder)
    made.start()
    return made


def read(folder):
    (path,) = folder.glob("*.json")
    return from_bytes(path.read_bytes(), path.name)


def test_what_was_counted_is_in_the_file(measuring, folder):
    measuring.count(Answered("v1", "champion", "ok", 1, 0.01))
    measuring.count(Answered("v2", "challenger", "failed", 1, 0.01))
    measuring.count(Answered("v2", "shadow", "ok", 1, 0.01, source="shadow", disagreed=True))
    measuring.flush()

    (cells,) = read(folder).minutes.values()
    assert {(cell.version, cell.source): (cell.ok, cell.failed, cell.disagreed) for cell in cells} == {
        ("v1", "live"): (1, 0, 0),
        ("v2", "live"): (0, 1, 0),
        ("v2", "shadow"): (1, 0, 1),
    }


def test_each_process_has_a_file_of_its_own(measuring, folder):
    other = Measuring(folder)
    other.start()
    for one in (measuring, other):
        one.count(Answered("v1", "champion", "ok"))
        one.flush()

    assert len(list(folder.glob("*.json"))) == 2


def test_nothing_is_written_while_nothing_was_counted(measuring, folder):
    measuring.flush()

    assert not folder.exists()


def test_old_minutes_are_forgotten(measuring, folder, monkeypatch):
    start = clock.unix_ms()
    for minute in range(KEPT_MINUTES + 20):
        monkeypatch.setattr(clock, "unix_ms", lambda now=start + minute * 60_000: now)
        measuring.count(Answered("v1", "champion", "ok"))
    measuring.flush()

    assert len(read(folder).minutes) == KEPT_MINUTES + 1


def test_a_disk_that_fails_is_tried_again_and_nothing_is_lost(measuring, folder):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("in the way")
    measuring.count(Answered("v1", "champion", "ok"))
    measuring.flush()
    folder.unlink()
    measuring.flush()

    (cells,) = read(folder).minutes.values()
    assert cells[0].ok == 1


def test_a_bundle_that_can_not_be_read_leaves_the_scores_out(measuring, tmp_path, folder):
    (tmp_path / "profile.json").write_text("{}")
    measuring.compare_with(tmp_path, None)
    measuring.count(Answered("v1", "champion", "ok", 1, 0.01))
    measuring.flush()

    assert list(read(folder).minutes)
