import os
import subprocess
import sys
import time

import pytest

from lifecycle.prediction_log.duck import SPILL, connect
from lifecycle.prediction_log.segment_cache import ABANDONED_AFTER_S, UNUSED_AFTER_S, SegmentCache
from tests.record_builders import records_area

KEYS = [f"kind=prediction/date=2026-01-01/hour=00/{n}.parquet" for n in range(4)]


@pytest.fixture
def area(tmp_path):
    area = records_area(tmp_path / "store")
    for key in KEYS:
        area.create(key, bytes(100))
    return area


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def ended_process():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def aged(path, seconds=ABANDONED_AFTER_S + 60, *, content=None):
    """A file, or a folder with a file in it, that was last changed so long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path / "duckdb_temp_storage-0.tmp" if content is None else path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"left behind")
    then = time.time() - seconds
    for one in (file, path):
        os.utime(one, (then, then))
    return path


def open_anew(area, folder):
    with SegmentCache(area, folder).scratch() as scratch:
        return scratch


def test_what_a_killed_reader_spilled_goes_after_a_day(area, folder):
    scratch = folder / "scratch"
    old = aged(scratch / f"{SPILL}{ended_process()}-aa")
    unnumbered = aged(scratch / f"{SPILL}abc")
    segment = aged(scratch / "0123.parquet", content=True)
    fetched = aged(folder / ".kind=prediction+x.parquet.tmpa", content=True)
    open_anew(area, folder)

    assert not any(path.exists() for path in (old, unnumbered, segment, fetched))


def test_what_may_still_be_in_use_stays(area, folder):
    scratch = folder / "scratch"
    young = aged(scratch / f"{SPILL}{ended_process()}-aa", seconds=60)
    running = aged(scratch / f"{SPILL}{os.getpid()}-aa")
    written = aged(scratch / f"{SPILL}{ended_process()}-bb")
    os.utime(written / "duckdb_temp_storage-0.tmp")
    whole = aged(folder / "kind=prediction+x.parquet", content=True)
    open_anew(area, folder)

    assert all(path.exists() for path in (young, running, written, whole))


def test_a_reader_that_is_killed_leaves_a_folder_that_tells_its_process(tmp_path):
    code = """
import os, signal, sys
from pathlib import Path
from lifecycle.prediction_log.duck import connect
connection = connect(Path(sys.argv[1]), memory="60MB")
connection.execute("CREATE TEMP TABLE big AS SELECT range AS a, md5(range::VARCHAR) AS b FROM range(3000000)")
os.kill(os.getpid(), signal.SIGKILL)
"""
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    process.wait()

    assert [path.name.split("-")[1] for path in tmp_path.glob(f"{SPILL}*")] == [str(process.pid)]


def test_a_reader_that_ends_leaves_nothing(tmp_path):
    with connect(tmp_path, memory="60MB") as connection:
        connection.execute(
            "CREATE TEMP TABLE big AS SELECT range AS a, md5(range::VARCHAR) AS b FROM range(3000000)"
        )
        assert list(tmp_path.iterdir())

    assert list(tmp_path.iterdir()) == []


def test_the_longest_unused_go_first(area, folder):
    cache = SegmentCache(area, folder, limit_bytes=250)
    for key in KEYS[:2]:
        cache.fetch([key])
    os.utime(folder / KEYS[0].replace("/", "+"), (2e9, 2e9))
    cache.fetch([KEYS[2]])

    assert sorted(path.name[-9:] for path in folder.glob("*.parquet")) == ["0.parquet", "2.parquet"]


def test_what_is_asked_for_stays_however_much_it_is(area, folder):
    assert all(path.exists() for path in SegmentCache(area, folder, limit_bytes=1).fetch(KEYS))


def test_what_nobody_asked_for_in_a_week_goes_and_what_is_asked_for_stays(area, folder):
    SegmentCache(area, folder).fetch(KEYS)
    long_ago = time.time() - UNUSED_AFTER_S - 60
    for path in folder.glob("*.parquet"):
        os.utime(path, (long_ago, long_ago))
    cache = SegmentCache(area, folder)
    (used,) = cache.fetch(KEYS[:1])
    with cache.scratch():
        assert list(folder.glob("*.parquet")) == [used]
