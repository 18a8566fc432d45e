from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from agent.shipper import Shipper
from lifecycle.prediction_log.compaction import Compactor, compact_hours, expire, sweep
from lifecycle.prediction_log.hour_files import Selection
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.segment_index import hours_of, listings
from lifecycle.signature import Feature, Signature
from lifecycle.window import Window
from tests.record_builders import HOUR, LATE, NOON, SIGNATURE, record, recorder, records_area

START = datetime.fromtimestamp(NOON / 1000, UTC)
TWO_HOURS = Window(START, START + timedelta(hours=2))
HOURS = hours_of(TWO_HOURS)
NOW = timedelta(0)


class Log:
    def __init__(self, folder):
        self.area = records_area(folder / "store")
        self.spool = folder / "spool"
        self.cache = SegmentCache(self.area, folder / "cache")
        self.compactor = Compactor(self.area, self.cache)

    def predict(self, *made, signature=SIGNATURE):
        writing = recorder(self.spool)
        for one in made:
            writing.prediction(signature, one)
        writing.close()
        Shipper(self.area, self.spool).ship()

    def rows(self):
        log = PredictionLog(self.area, self.cache, memory="256MB", threads=1)
        return Counter(one for b in log.scan(TWO_HOURS, ["prediction_id"]) for one in b["prediction_id"])

    def raw(self):
        return self.area.list("kind=prediction")


@pytest.fixture
def log(tmp_path):
    made = Log(tmp_path)
    for start in (0, 10, 20):
        made.predict(*(record(f"ID{n}", at_ms=NOON + n % 4 * HOUR // 2) for n in range(start, start + 10)))
    return made


def each_once(count):
    return Counter(f"ID{n}-0" for n in range(count))


def test_an_hour_becomes_one_segment_and_no_row_is_lost_or_doubled(log):
    assert compact_hours(log.compactor, HOURS) == 2

    assert each_once(30) == log.rows()
    assert [len(listing.keys) for listing in listings(log.area, "prediction", HOURS)] == [1, 1]


def test_nothing_new_is_nothing_to_do(log):
    compact_hours(log.compactor, HOURS)

    assert compact_hours(log.compactor, HOURS) == 0


def test_what_comes_late_is_read_at_once_and_absorbed_next_time(log):
    compact_hours(log.compactor, HOURS)
    log.predict(record("ID30"))

    assert each_once(31) == log.rows()
    assert compact_hours(log.compactor, HOURS) == 1
    assert each_once(31) == log.rows()


def test_replaced_segments_stay_for_a_day(log):
    compact_hours(log.compactor, HOURS)

    assert sweep(log.area, HOURS) == 0
    assert len(log.raw()) == 6
    assert sweep(log.area, HOURS, keep=NOW) == 6
    assert log.raw() == []
    assert each_once(30) == log.rows()


def test_a_segment_that_is_shipped_again_after_the_sweep_adds_nothing(log):
    """A machine that died between the put and the deleting of its spools, and came back after weeks."""
    kept = {key: log.area.get(key) for key in log.raw()}
    compact_hours(log.compactor, HOURS)
    sweep(log.area, HOURS, keep=NOW)
    for key, data in kept.items():
        log.area.create(key, data)

    assert each_once(30) == log.rows()
    compact_hours(log.compactor, HOURS)
    assert each_once(30) == log.rows()


def test_of_two_compactors_one_wins_and_the_rows_stay_single(log):
    listing = listings(log.area, "prediction", HOURS)[0]

    assert log.compactor.compact(listing)
    assert not log.compactor.compact(listing)
    assert each_once(30) == log.rows()
    assert len(log.area.list("compacted")) == 1


def test_a_compactor_that_died_before_its_index_leaves_nothing_to_read(log):
    class Dying:
        def create(self, key, data):
            raise KeyboardInterrupt

        def __getattr__(self, name):
            return getattr(log.area, name)

    with pytest.raises(KeyboardInterrupt):
        compact_hours(Compactor(Dying(), log.cache), HOURS)

    assert len(log.area.list("compacted")) == 1
    assert each_once(30) == log.rows()
    compact_hours(log.compactor, HOURS)
    sweep(log.area, HOURS, keep=NOW)
    assert len(log.area.list("compacted")) == 2, "the orphan went"
    assert each_once(30) == log.rows()


def test_other_signatures_keep_their_columns(log):
    wider = Signature((*SIGNATURE.inputs, Feature("wind", "number", "float64")), (LATE,))
    columns = {"delay": [1.0], "origin": ["LGA"], "wind": [7.0]}
    log.predict(record("ID30", version="v2", columns=columns), signature=wider)
    compact_hours(log.compactor, HOURS)
    log_ = PredictionLog(log.area, log.cache, memory="256MB", threads=1)

    assert [
        float(w) for b in log_.scan(TWO_HOURS, ["in_wind"], Selection(version="v2")) for w in b["in_wind"]
    ] == [7.0]


def test_retention_removes_whole_hours_and_no_other(log):
    compact_hours(log.compactor, HOURS)
    expire(log.area, START + timedelta(hours=1))

    assert {n for n in range(30) if n % 4 >= 2} == {int(one[2:-2]) for one in log.rows()}
    expire(log.area, START + timedelta(hours=2))
    assert log.area.list() == []
