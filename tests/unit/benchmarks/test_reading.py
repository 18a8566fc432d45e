"""The benchmarks measure what they say: small ones, with counts that are known."""

import pytest

from benchmarks import agent_backlog, reading
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.segment_cache import SegmentCache

ROWS = 24 * 100


@pytest.fixture
def log(tmp_path):
    assert reading.make(tmp_path, ROWS) == ROWS
    area = reading.records(tmp_path)
    return PredictionLog(area, SegmentCache(area, tmp_path / "cache"), memory="256MB", threads=1)


def test_every_reading_finds_all_that_was_made(log, tmp_path):
    assert reading.fetch(log) == 24
    assert reading.count_two_columns(log) == reading.read_two_columns(log) == ROWS
    assert reading.join(log) == reading.join_as_arrays(log) == ROWS * 3 // 10
    assert reading.join_one_hour(log) == reading.join_one_hour_unpruned(log) == 30

    assert reading.make_keyed(tmp_path, ROWS) == ROWS * 3 // 10
    assert reading.join(log) == ROWS * 3 // 10, "the same rows, told twice"


def test_pruning_leaves_out_what_it_is_said_to_leave_out(log, tmp_path):
    def fetched():
        return len(list((tmp_path / "cache").glob("compacted+kind=feedback*")))

    reading.join_one_hour(log)
    pruned = fetched()
    reading.join_one_hour_unpruned(log)

    assert pruned == 2, "its own labels, and those of the hour that begins where it ends"
    assert fetched() == 13, "from the window's first hour to the last"


def test_a_backlog_is_cut_to_size_and_shipped_whole(tmp_path):
    rows = agent_backlog.fill(tmp_path / "all", 100_000)
    spool = agent_backlog.part(tmp_path / "part", tmp_path / "all", 50_000)
    _, _, segments = agent_backlog.ship(spool, tmp_path / "store", 24 << 20)

    assert rows >= 1000
    assert segments == 1
    assert list(spool.glob("*.sealed")) == []
