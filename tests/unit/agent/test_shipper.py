import os
import subprocess
from contextlib import suppress
from dataclasses import replace
from itertools import count

import duckdb
import pytest

from agent import conversion
from agent import shipper as shipper_module
from agent.shipper import Shipper
from lifecycle.errors import StoreUnavailableError
from lifecycle.prediction_log.drop_counts import drop_document
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.record_schema import prediction_schema
from lifecycle.prediction_log.records import Feedback
from lifecycle.prediction_log.spool import SpoolWriter
from lifecycle.prediction_log.spool_files import spool_files
from tests.record_builders import (
    NOON,
    SIGNATURE,
    PowerCut,
    new_id,
    record,
    recorder,
    records_area,
    stored_ids,
    write_spools,
)


class SlowStore:
    """The real store, away or hanging up at the n-th put."""

    def __init__(self, area, fails):
        self._area, self._fails, self._puts = area, fails, count(1)

    def create_from_file(self, key, path):
        number = next(self._puts)
        if self._fails(number):
            raise StoreUnavailableError("away")
        self._area.create_from_file(key, path)

    def __getattr__(self, name):
        return getattr(self._area, name)


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "machine" / "spool"


@pytest.fixture
def area(tmp_path):
    return records_area(tmp_path / "store")


def test_every_row_arrives_in_the_folder_of_its_hour(tmp_path, spool, area):
    ids = write_spools(spool)
    shipped = Shipper(area, spool).ship()

    assert ids == stored_ids(tmp_path / "store")
    assert (shipped.segments, shipped.spools) == (3, 2), "two spools became one segment an hour"
    assert len({key.rsplit("/", 1)[0] for key in area.list("kind=prediction")}) == 3
    assert spool_files(spool) == []


def test_feedback_goes_its_own_way(tmp_path, spool, area):
    writing = recorder(spool)
    writing.feedback(
        Feedback(prediction_ids=["a-0", "b-0"], actuals=["late", 1], observed_ms=[None, 5], received_ms=NOON)
    )
    writing.close()
    Shipper(area, spool).ship()

    assert stored_ids(tmp_path / "store", "feedback") == ["a-0", "b-0"]


def test_an_empty_spool_ships_nothing(spool, area):
    assert Shipper(area, spool).ship().segments == 0


STEPS = ["adopted", "planned", "converted", "put", "all_put", "spool_deleted", "plan_deleted"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_killed_after_any_step_every_row_is_there_once(tmp_path, spool, area, step, nth):
    ids, seen = write_spools(spool), count(1)

    def cut(reached):
        if reached == step and next(seen) == nth:
            raise PowerCut

    try:
        Shipper(area, spool, at=cut).ship()
    except PowerCut:
        ids = sorted(ids + write_spools(spool, files=1))  # meanwhile the web goes on
    Shipper(area, spool).ship()

    assert ids == stored_ids(tmp_path / "store")
    assert spool_files(spool) == []
    assert not list((spool / "plans").glob("*"))


def test_killed_again_and_again_it_still_ends(tmp_path, spool, area):
    ids = write_spools(spool)
    for allowed in range(40):
        left = iter(range(allowed))

        def cut(_step, left=left):
            if next(left, None) is None:
                raise PowerCut

        try:
            Shipper(area, spool, at=cut).ship()
        except PowerCut:
            continue
        break

    assert allowed > 5
    assert ids == stored_ids(tmp_path / "store")


def test_without_a_plan_a_kill_would_duplicate(tmp_path, spool, area, monkeypatch):
    """The broken twin: a name made anew at each try is what the plan prevents."""
    ids = write_spools(spool)
    monkeypatch.setattr(
        conversion,
        "segment_key",
        lambda kind, hour, name: f"kind={kind}/date=x/hour=y/{new_id()}.parquet",
    )

    def cut(step):
        if step == "all_put":
            raise PowerCut

    with pytest.raises(PowerCut):
        Shipper(area, spool, at=cut).ship()
    Shipper(area, spool).ship()

    assert 2 * len(ids) == len(stored_ids(tmp_path / "store"))


def test_a_store_that_is_away_keeps_the_spools_until_it_is_back(tmp_path, spool, area):
    ids = write_spools(spool)
    with pytest.raises(StoreUnavailableError):
        Shipper(SlowStore(area, lambda number: number > 1), spool).ship()

    assert spool_files(spool)
    Shipper(area, spool).ship()
    assert ids == stored_ids(tmp_path / "store")


def test_an_answer_that_was_lost_is_no_second_segment(tmp_path, spool, area):
    """The put arrived, its answer did not: the next try finds the object there."""
    ids = write_spools(spool)

    class Forgetful(SlowStore):
        def create_from_file(self, key, path):
            self._area.create_from_file(key, path)
            raise StoreUnavailableError("reset")

    for _ in range(5):
        try:
            Shipper(Forgetful(area, None), spool).ship()
        except StoreUnavailableError:
            continue
    Shipper(area, spool).ship()

    assert ids == stored_ids(tmp_path / "store")


def test_signatures_that_differ_become_segments_of_their_own(tmp_path, spool, area):
    other = replace(SIGNATURE, inputs=SIGNATURE.inputs[:1])
    writing = recorder(spool)
    writing.prediction(SIGNATURE, record("A"))
    writing.prediction(other, record("B", version="v2"))
    writing.close()
    Shipper(area, spool).ship()

    assert stored_ids(tmp_path / "store") == ["A-0", "B-0"]
    assert len(area.list("kind=prediction")) == 2


def test_a_torn_tail_is_left_out_and_told(tmp_path, spool, area):
    ids = write_spools(spool, files=1)
    (path,) = [file.path for file in spool_files(spool)]
    path.write_bytes(path.read_bytes() + b"\xffPF1\0\0\0")
    shipped = Shipper(area, spool).ship()

    assert (shipped.torn_tail_bytes, shipped.damaged_bytes) == (7, 0)
    assert ids == stored_ids(tmp_path / "store")


def test_a_spool_whose_header_is_gone_is_set_aside_and_the_others_go(tmp_path, spool, area):
    write_spools(spool, files=1)
    (bad,) = [file.path for file in spool_files(spool)]
    bad.write_bytes(b"\xff\xff" + bad.read_bytes()[2:])
    ids = write_spools(spool, files=1)
    shipped = Shipper(area, spool).ship()

    assert shipped.damaged_bytes > 0
    assert ids == stored_ids(tmp_path / "store")
    assert bad.with_suffix(".damaged").exists()


def test_a_writer_that_died_before_its_header_leaves_nothing_to_do(spool, area):
    write_spools(spool, files=1)
    (file,) = spool_files(spool)
    file.path.write_bytes(b"")
    Shipper(area, spool).ship()

    assert spool_files(spool) == []
    assert not list(spool.glob("*.damaged"))


def test_a_value_that_does_not_fit_its_column_is_null_and_its_row_stays(tmp_path, spool, area):
    writing = recorder(spool)
    columns = {"delay": ["not a number", 2.0], "origin": ["JFK", "LGA"]}
    writing.prediction(SIGNATURE, record("A", rows=2, columns=columns))
    writing.close()
    Shipper(area, spool).ship()

    query = "SELECT prediction_id, in_delay FROM read_parquet($1) ORDER BY 1"
    (file,) = (tmp_path / "store").glob("records/*/*/*/*.parquet")
    assert duckdb.execute(query, [str(file)]).fetchall() == [("A-0", None), ("A-1", 2.0)]


def test_an_event_without_a_time_is_counted(spool, area):
    writing = SpoolWriter(spool, "prediction", prediction_schema(SIGNATURE).to_bytes(), SpoolLimits())
    writing.append(b'{"id":"A","rows":1}', 1)
    writing.append(b"not JSON", 1)
    writing.close()

    assert Shipper(area, spool).ship().unreadable == 2


def test_drop_counts_are_shipped_and_the_dead_ones_file_goes(spool, area):
    writing = recorder(spool, budget_bytes=30_000)
    big = record("A", rows=3000)
    for _ in range(4):
        writing.prediction(SIGNATURE, big)
    (counts,) = spool.glob("*.counts")
    writing.close()
    Shipper(area, spool).ship()

    (key,) = area.list("kind=drops")
    assert sum(drop.rows for drop in drop_document(area.get(key)).drops) == 4 * 3000
    assert not counts.exists()


def test_a_full_disk_is_emptied_by_shipping(tmp_path, area):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    writing, ids = recorder(disk / "spool"), []
    try:
        shipper = Shipper(area, disk / "spool", scratch=tmp_path / "scratch")
        shipper.ship()
        while writing.prediction(SIGNATURE, record(base := new_id(500), rows=500)):
            ids += [f"{base}-{row}" for row in range(500)]
        with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(1024))
        writing.close()
        shipper.ship()
        assert sorted(ids) == stored_ids(tmp_path / "store")
        assert writing.prediction(SIGNATURE, record("after"))
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
        writing.close()


def test_a_time_that_no_calendar_has_does_not_stop_the_others(tmp_path, spool, area):
    writing = recorder(spool)
    writing.prediction(SIGNATURE, record("A", at_ms=2**62))
    writing.close()
    Shipper(area, spool).ship()
    ids = write_spools(spool)
    Shipper(area, spool).ship()

    assert ids == stored_ids(tmp_path / "store")
    assert len(spool_files(spool)) == 1


def test_the_backlog_does_not_grow_the_memory(spool, area, monkeypatch):
    monkeypatch.setattr(shipper_module, "PLAN_BYTES", 4000)
    ids = write_spools(spool, files=12)
    sizes = []

    class Watching(Shipper):
        def _put(self, plan, paths, noted):
            sizes.append(sum(path.stat().st_size for path in paths))
            return super()._put(plan, paths, noted)

    Watching(area, spool).ship()

    assert len(ids) > 0
    assert len(sizes) > 2
    assert max(sizes) <= 4000
