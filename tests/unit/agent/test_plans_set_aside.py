"""A plan that can't be converted: tried some times, then each spool for itself, and what is bad is set aside and told."""

from contextlib import suppress
from itertools import count

import duckdb
import pytest

from agent import conversion
from agent import shipper as shipper_module
from agent.shipper import Shipper
from lifecycle.errors import StoreUnavailableError
from lifecycle.prediction_log.drop_counts import drop_document
from lifecycle.prediction_log.spool_files import spool_files
from tests.record_builders import (
    SIGNATURE,
    PowerCut,
    record,
    recorder,
    records_area,
    stored_ids,
    write_spools,
)

MAX_TRIES = 3


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "machine" / "spool"


@pytest.fixture
def area(tmp_path):
    return records_area(tmp_path / "store")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(shipper_module, "MAX_TRIES", MAX_TRIES)


def an_impossible_plan(spool):
    writing = recorder(spool)
    writing.prediction(SIGNATURE, record("A", at_ms=2**62, rows=3))
    writing.close()


def test_a_plan_that_can_not_be_converted_is_set_aside_and_told_after_some_rounds(tmp_path, spool, area):
    an_impossible_plan(spool)
    rounds = [Shipper(area, spool).ship() for _ in range(MAX_TRIES + 2)]

    lost = [round_ for round_ in rounds if round_.damaged_bytes]
    assert rounds.index(lost[0]) == MAX_TRIES
    assert len(lost) == 1, "told once"
    (kept,) = spool.glob("*.damaged")
    assert kept.stat().st_size == lost[0].damaged_bytes
    assert not list((spool / "plans").glob("*"))
    (told,) = [drop_document(area.get(key)) for key in area.list("kind=drops")]
    assert [(drop.reason, drop.rows) for drop in told.drops] == [("unreadable", 3)]


def test_one_bad_spool_costs_none_of_those_that_were_planned_with_it(tmp_path, spool, area):
    ids = write_spools(spool, files=2)
    an_impossible_plan(spool)
    ids += write_spools(spool, files=2)
    for _ in range(MAX_TRIES + 1):
        Shipper(area, spool).ship()

    assert sorted(ids) == stored_ids(tmp_path / "store")
    assert len(list(spool.glob("*.damaged"))) == 1
    assert spool_files(spool) == []
    (told,) = [drop_document(area.get(key)) for key in area.list("kind=drops")]
    assert sum(drop.rows for drop in told.drops) == 3


@pytest.mark.parametrize("step", ["converted", "put", "spool_deleted", "plan_deleted"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_killed_while_they_are_put_apart_every_row_is_there_once(tmp_path, spool, area, step, nth):
    ids = write_spools(spool, files=2)
    an_impossible_plan(spool)
    for _ in range(MAX_TRIES):
        Shipper(area, spool).ship()
    seen = count(1)

    def cut(reached):
        if reached == step and next(seen) == nth:
            raise PowerCut

    with suppress(PowerCut):
        Shipper(area, spool, at=cut).ship()
    Shipper(area, spool).ship()

    assert ids == stored_ids(tmp_path / "store")
    assert len(list(spool.glob("*.damaged"))) == 1
    assert spool_files(spool) == []


def test_a_plan_that_a_disk_spoilt_loses_nothing(tmp_path, spool, area):
    ids = write_spools(spool, files=3)

    def cut(step):
        if step == "planned":
            raise PowerCut

    with pytest.raises(PowerCut):
        Shipper(area, spool, at=cut).ship()
    (plan,) = (spool / "plans").glob("*.json")
    plan.write_bytes(b"\0\0")
    Shipper(area, spool).ship()

    assert ids == stored_ids(tmp_path / "store")
    assert spool_files(spool) == []
    assert not list((spool / "plans").glob("*"))


def test_a_conversion_that_kills_the_agent_is_not_begun_for_ever(spool, area, monkeypatch):
    ids, deaths = write_spools(spool), 0

    def dies(*_, **__):
        raise PowerCut

    monkeypatch.setattr(conversion, "write_segments", dies)
    for _ in range(4 * MAX_TRIES):
        try:
            Shipper(area, spool).ship()
        except PowerCut:
            deaths += 1

    assert deaths == 3 * MAX_TRIES, "together, and then each of the two apart"
    assert len(list(spool.glob("*.damaged"))) == 2
    told = [drop_document(area.get(key)) for key in area.list("kind=drops")]
    assert sum(drop.rows for one in told for drop in one.drops) == len(ids)


@pytest.mark.parametrize(
    "failure", [StoreUnavailableError("away"), duckdb.IOException("No space left on device")]
)
def test_a_store_or_disk_that_lacks_something_for_long_costs_no_plan(
    tmp_path, spool, area, monkeypatch, failure
):
    ids = write_spools(spool)
    with monkeypatch.context() as patched:
        target = Shipper if isinstance(failure, StoreUnavailableError) else conversion
        name = "_create" if target is Shipper else "write_segments"

        def fails(*_, **__):
            raise failure

        patched.setattr(target, name, fails)
        for _ in range(2 * MAX_TRIES):
            with suppress(StoreUnavailableError):
                Shipper(area, spool).ship()
    Shipper(area, spool).ship()

    assert ids == stored_ids(tmp_path / "store")
    assert not list(spool.glob("*.damaged"))
