import math
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from multiprocessing import get_context

import pytest

from agent.shipper import Shipper
from lifecycle.prediction import FleetKey, mint
from lifecycle.prediction_log.compaction import Compactor, compact_hours
from lifecycle.prediction_log.hour_files import Selection
from lifecycle.prediction_log.label_join import id_bounds
from lifecycle.prediction_log.reading import Coverage, PredictionLog
from lifecycle.prediction_log.records import Feedback
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.segment_index import hours_of, segment_name
from lifecycle.signature import Feature, Signature
from lifecycle.window import Window
from tests.record_builders import HOUR, LATE, NOON, SIGNATURE, new_id, record, recorder, records_area

START = datetime.fromtimestamp(NOON / 1000, UTC)
THREE_HOURS = Window(START, START + timedelta(hours=3))


class Log:
    """A machine that records and ships, and the log that reads it."""

    def __init__(self, folder):
        self.folder = folder
        self.area = records_area(folder / "store")
        self.spool = folder / "spool"
        self.log = PredictionLog(
            self.area, SegmentCache(self.area, folder / "cache"), memory="256MB", threads=1
        )

    def predict(self, *made, signature=SIGNATURE, **limits):
        writing = recorder(self.spool, **limits)
        for one in made:
            writing.prediction(signature, one)
        writing.close()
        Shipper(self.area, self.spool).ship()

    def label(self, values, received_ms=NOON + HOUR):
        writing = recorder(self.spool)
        ids, actuals = list(values), list(values.values())
        writing.feedback(
            Feedback(
                prediction_ids=ids, actuals=actuals, observed_ms=[None] * len(ids), received_ms=received_ms
            )
        )
        writing.close()
        Shipper(self.area, self.spool).ship()

    def ids(self, window=THREE_HOURS, **which):
        return [
            one
            for batch in self.log.scan(window, ["prediction_id"], Selection(**which))
            for one in batch["prediction_id"]
        ]

    def labels(self, window=THREE_HOURS, **more):
        found = {}
        for batch in self.log.labelled(window, ["label"], **more):
            found |= dict(zip(batch["prediction_id"], batch["actual"], strict=True))
        return found


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path)


def test_a_window_is_half_open_to_the_millisecond(log):
    log.predict(
        *(record(name, at_ms=NOON + at) for name, at in {"A": 0, "B": HOUR - 1, "C": HOUR, "D": -1}.items())
    )

    assert log.ids(Window(START, START + timedelta(hours=1))) == ["A-0", "B-0"]


def test_the_pieces_of_a_window_are_the_whole(log):
    log.predict(*(record(f"ID{n}", at_ms=NOON + n * HOUR // 7) for n in range(20)))
    cuts = [START, *(START + timedelta(minutes=m) for m in (7, 61, 90, 120)), START + timedelta(hours=3)]
    pieces = [log.ids(Window(a, b)) for a, b in pairwise(cuts)]

    assert log.ids() == [one for piece in pieces for one in piece]
    assert len(log.ids()) == 20


def test_an_empty_log_has_no_rows_and_nothing_missing(log):
    assert log.ids() == []
    assert Coverage() == log.log.coverage(THREE_HOURS)


def test_columns_come_typed_and_missing_numbers_as_nan(log):
    log.predict(record("A", rows=2, columns={"delay": [1.5, None], "origin": ["JFK", None]}))
    (batch,) = log.log.scan(THREE_HOURS, ["in_delay", "in_origin", "p_late"])

    assert batch["in_delay"][0] == 1.5
    assert math.isnan(batch["in_delay"][1])
    assert batch["in_origin"].tolist() == ["JFK", None]
    assert batch["p_late"].tolist() == [0.75, 0.75]


def test_versions_with_other_features_lie_side_by_side(log):
    wider = Signature((*SIGNATURE.inputs, Feature("wind", "number", "float64")), (LATE,))
    log.predict(record("A"))
    log.predict(
        record("B", version="v2", columns={"delay": [1.0], "origin": ["LGA"], "wind": [7.0]}), signature=wider
    )
    (batch,) = log.log.scan(THREE_HOURS, ["prediction_id", "in_wind"])
    wind = dict(zip(batch["prediction_id"], batch["in_wind"], strict=True))

    assert wind["B-0"] == 7.0
    assert math.isnan(wind["A-0"])
    assert log.ids(version="v2") == ["B-0"]


def test_a_column_that_nobody_has_is_missing_everywhere(log):
    log.predict(record("A"))
    (batch,) = log.log.scan(THREE_HOURS, ["prediction_id", "in_nothing"])

    assert len(batch["in_nothing"]) == 1


def test_shadow_and_smoke_are_left_out_unless_asked_for(log):
    log.predict(
        record("A"), record("B", source="shadow"), record("C", source="smoke"), record("D", source="import")
    )

    assert log.ids() == ["A-0", "D-0"]
    assert log.ids(sources=("shadow",)) == ["B-0"]


def test_a_repeated_idempotent_request_counts_once(log):
    log.predict(record("B", at_ms=NOON + 5, idempotency="k"), record("A", idempotency="k"), record("C"))

    assert log.ids() == ["A-0", "C-0"]


def test_a_request_that_is_repeated_in_another_hour_counts_once_in_every_window(log):
    log.predict(
        record("A", at_ms=NOON + HOUR - 1, rows=2, idempotency="k"),
        record("B", at_ms=NOON + HOUR, rows=2, idempotency="k"),
        record("C", at_ms=NOON + 2 * HOUR, rows=2, idempotency="k"),
        record("D", at_ms=NOON + HOUR, idempotency="other"),
    )

    assert log.ids() == ["A-0", "A-1", "D-0"]
    for hour, ids in enumerate((["A-0", "A-1"], ["D-0"], [])):
        begin = START + timedelta(hours=hour)
        assert log.ids(Window(begin, begin + timedelta(hours=1))) == ids
    assert log.log.coverage(THREE_HOURS).seen == 3


def test_two_machines_that_answered_the_same_request_count_it_once(log, tmp_path):
    log.predict(record("B", at_ms=NOON + HOUR + 5, idempotency="k"), record("D", at_ms=NOON + HOUR))
    other = Log(tmp_path)
    other.spool = tmp_path / "other-spool"
    other.predict(
        record("A", at_ms=NOON + 5, idempotency="k"), record("C", at_ms=NOON + HOUR + 6, idempotency="k")
    )

    assert len({segment_name(key).split("-")[0] for key in log.area.list("kind=prediction")}) == 2
    assert log.ids() == ["A-0", "D-0"]


@pytest.mark.parametrize("seen", ["A", "B"])
def test_a_label_for_any_answer_of_a_repeated_request_is_one_for_the_answer_that_counts(log, seen):
    """The client may have seen the second alone: the first was lost on its way."""
    log.predict(
        record("A", rows=2, at_ms=NOON + 3 * HOUR - 1, idempotency="k"),
        record("B", rows=2, at_ms=NOON + 3 * HOUR, idempotency="k"),
        record("C", rows=2),
    )
    log.label({f"{seen}-1": "late", "C-0": "on time"}, received_ms=NOON + 4 * HOUR)

    assert log.labels() == {"A-1": "late", "C-0": "on time"}
    assert log.log.coverage(THREE_HOURS).labelled == 2
    assert log.labels(Window(START + timedelta(hours=3), START + timedelta(hours=4))) == {}


def test_labels_that_differ_between_the_answers_of_one_request_are_a_conflict(log):
    log.predict(record("A", idempotency="k"), record("B", at_ms=NOON + 5, idempotency="k"))
    log.label({"A-0": "late"})
    log.label({"B-0": "on time"}, received_ms=NOON + 2 * HOUR)

    (batch,) = log.log.labelled(THREE_HOURS, ["label"])
    assert batch["prediction_id"].tolist() == ["A-0"]
    assert (batch["actual"].tolist(), batch["conflict"].tolist()) == (["on time"], [True])


def test_feedback_that_two_machines_took_in_two_hours_counts_once(log, tmp_path):
    log.predict(record("A"), record("C"))
    log.label({"A-0": "late"}, received_ms=NOON + HOUR)
    other = Log(tmp_path)
    other.spool = tmp_path / "other-spool"
    other.label({"A-0": "late"}, received_ms=NOON + 26 * HOUR)

    (batch,) = log.log.labelled(THREE_HOURS, ["label"])
    assert (batch["actual"].tolist(), batch["conflict"].tolist()) == (["late"], [False])
    assert batch["received_ms"].tolist() == [NOON + HOUR]
    coverage = log.log.coverage(THREE_HOURS)
    assert (coverage.labelled, coverage.late, coverage.conflicts) == (1, 0, 0)


def test_the_first_answer_is_the_first_by_time_whatever_its_id(log):
    log.predict(record("Z", at_ms=NOON, idempotency="k"), record("A", at_ms=NOON + HOUR, idempotency="k"))

    assert log.ids() == ["Z-0"]


def test_a_repeated_request_counts_once_after_compaction_too(log):
    log.predict(record("A", at_ms=NOON, idempotency="k"), record("B", at_ms=NOON + HOUR, idempotency="k"))
    hours = hours_of(THREE_HOURS)
    assert compact_hours(Compactor(log.area, log.log.cache), hours) == 2

    assert log.ids() == ["A-0"]
    assert log.ids(Window(START + timedelta(hours=1), START + timedelta(hours=2))) == []


def test_a_day_later_the_same_key_is_a_new_request(log):
    far = NOON + 25 * HOUR
    log.predict(record("A", idempotency="k"), record("B", at_ms=far, idempotency="k"))

    assert log.ids(Window(START, START + timedelta(hours=26))) == ["A-0", "B-0"]


def test_where_nobody_sends_a_key_no_earlier_hour_is_fetched(log):
    log.predict(
        record("A"), record("B", at_ms=NOON + HOUR), record("C", at_ms=NOON + 2 * HOUR, idempotency="k")
    )

    assert [len(hour.nearby) for hour in log.log.hours(THREE_HOURS)] == [0, 0, 2]


def test_the_label_is_the_latest_by_arrival_and_a_conflict_is_told(log):
    log.predict(record("A", rows=3))
    log.label({"A-0": "late", "A-1": "late"})
    log.label({"A-0": "on time", "A-1": "late"}, received_ms=NOON + 5 * HOUR)
    (batch,) = log.log.labelled(THREE_HOURS, ["label", "p_late"])
    conflicts = dict(zip(batch["prediction_id"], batch["conflict"].tolist(), strict=True))

    assert log.labels() == {"A-0": "on time", "A-1": "late"}
    assert conflicts == {"A-0": True, "A-1": False}


def test_rows_without_a_label_come_when_asked_for(log):
    log.predict(record("A", rows=2))
    log.label({"A-1": 3.5})

    assert log.labels(all_rows=True) == {"A-0": None, "A-1": "3.5"}


def test_labels_of_other_predictions_are_not_mixed_in(log):
    log.predict(record("A"), record("B", at_ms=NOON + 5 * HOUR))
    log.label({"A-0": "late", "B-0": "late", "Z-9": "late"}, received_ms=NOON + 6 * HOUR)

    assert log.labels() == {"A-0": "late"}


def test_ids_that_carry_their_time_find_their_labels_too(log):
    now = datetime.now(UTC)
    window = Window(now - timedelta(minutes=5), now + timedelta(minutes=5))
    bases = [new_id() for _ in range(5)]
    at_ms = int(now.timestamp() * 1000)
    log.predict(*(record(base, at_ms=at_ms) for base in bases))
    log.label({f"{base}-0": "late" for base in bases}, received_ms=at_ms)

    assert {f"{base}-0": "late" for base in bases} == log.labels(window)


def test_read_at_one_moment_every_window_finds_its_labels_and_later_ones_are_for_the_next_reader(log):
    first, second, third = (mint(FleetKey(b"k" * 32), 1, unix_ms=NOON + n * HOUR) + "-0" for n in range(3))
    log.predict(
        *(
            record(one.removesuffix("-0"), at_ms=NOON + n * HOUR)
            for n, one in enumerate((first, second, third))
        )
    )
    log.label({third: "late"}, received_ms=NOON + 2 * HOUR + 1)
    log.label({first: "late", second: "late"}, received_ms=NOON + HOUR + 1)
    hours = [Window(START + timedelta(hours=n), START + timedelta(hours=n + 1)) for n in range(3)]
    anew = log.log
    log.log = log.log.at_one_moment()

    backwards = [log.labels(hour) for hour in reversed(hours)]
    log.label({first: "on time"}, received_ms=NOON + HOUR + 2)

    assert backwards == [{third: "late"}, {second: "late"}, {first: "late"}]
    assert [log.labels(hour) for hour in reversed(hours)] == backwards
    log.log = anew
    assert log.labels(hours[0]) == {first: "on time"}


def test_the_bounds_of_a_window_hold_every_id_minted_in_it():
    before = datetime.now(UTC)
    minted = [mint(FleetKey(b"k" * 32), 1) + "-0" for _ in range(50)]
    first, last = id_bounds(Window(before - timedelta(milliseconds=2), before + timedelta(seconds=20)))
    earlier = id_bounds(Window(before - timedelta(days=2), before - timedelta(milliseconds=2)))

    assert all(first <= one <= last for one in minted)
    assert not any(earlier[0] <= one < earlier[1][:-1] for one in minted)


def test_coverage_counts_what_was_seen_dropped_labelled_and_late(log):
    now = datetime.now(UTC)
    window = Window(now - timedelta(hours=2), now + timedelta(hours=2))
    at_ms = int(now.timestamp() * 1000)
    log.predict(record("A", rows=4, at_ms=at_ms))
    log.predict(record("B", rows=2000, at_ms=at_ms), budget_bytes=20_000)
    log.label({"A-0": "late", "A-1": "late"}, received_ms=at_ms + 60_000)
    log.label({"A-1": "on time", "A-2": "late"}, received_ms=at_ms + 30 * HOUR)
    coverage = log.log.coverage(window)

    assert Coverage(seen=4, labelled=3, late=1, conflicts=1, dropped={"budget": 2000}) == coverage
    assert coverage.served == 2004


def test_drops_of_other_hours_are_not_in_this_windows_coverage(log):
    log.predict(record("B", rows=2000), budget_bytes=20_000)  # dropped now, years after NOON

    assert log.log.coverage(THREE_HOURS).dropped == {}


def test_true_values_that_were_lost_count_from_the_windows_start_on(log):
    """They come late: one that was lost today may have told what became of a prediction of last week."""
    writing = recorder(log.spool, budget_bytes=0)
    values = {"prediction_ids": ["a-0", "b-0"], "actuals": ["late", "late"], "observed_ms": [None, None]}
    assert not writing.feedback(Feedback(received_ms=NOON, **values))
    writing.close()
    Shipper(log.area, log.spool).ship()
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    assert log.log.coverage(THREE_HOURS) == Coverage(feedback_dropped={"budget": 2})
    assert log.log.coverage(Window(tomorrow, tomorrow + timedelta(hours=1))) == Coverage()


def counted(hour):
    return dict(hour.query(["in_origin"], "SELECT in_origin, count(*) FROM predictions GROUP BY ALL"))


def added(one, other):
    return {key: one.get(key, 0) + other.get(key, 0) for key in one | other}


@pytest.fixture
def many(log):
    log.predict(*(record(f"ID{n}", at_ms=NOON + n * HOUR // 30, rows=n % 3 + 1) for n in range(80)))
    return log


def test_work_by_hour_is_merged_to_the_whole(many):
    assert {"JFK": len(many.ids())} == many.log.map_hours(THREE_HOURS, counted, added)


@pytest.mark.slow
def test_a_large_hour_comes_in_pieces_that_are_the_whole(many):
    hour = next(many.log.hours(THREE_HOURS))
    columns = ["prediction_id", "in_origin", "in_delay"]
    whole = hour.read(columns)
    rows = len(whole["prediction_id"])

    pieces = list(hour.batches(columns, rows=rows // 4 + 1))

    assert [len(piece["prediction_id"]) for piece in pieces][:-1] == [rows // 4 + 1] * (len(pieces) - 1)
    assert len(pieces) == 4
    together = [one for piece in pieces for one in piece["prediction_id"]]
    assert sorted(together) == sorted(whole["prediction_id"])
    assert [len(piece["in_delay"]) for piece in hour.batches(columns)] == [rows]


def test_other_processes_give_the_same_counts(many):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        spread = many.log.map_hours(THREE_HOURS, counted, added, executor=pool)

    assert many.log.map_hours(THREE_HOURS, counted, added) == spread


def test_the_cache_keeps_to_its_bound_and_the_answer_is_the_same(many):
    small = SegmentCache(many.area, many.folder / "small", limit_bytes=4000)
    narrow = PredictionLog(many.area, small, memory="256MB", threads=1)
    scanned = [one for batch in narrow.scan(THREE_HOURS, ["prediction_id"]) for one in batch["prediction_id"]]

    assert many.ids() == scanned
    kept = [path.stat().st_size for path in (many.folder / "small").glob("*.parquet")]
    assert sum(kept) <= max(4000, *kept)


def test_a_segment_is_fetched_once(many):
    fetched = []

    class Counting:
        def get_to_file(self, key, path):
            fetched.append(key)
            many.area.get_to_file(key, path)

        def __getattr__(self, name):
            return getattr(many.area, name)

    counting = Counting()
    log = PredictionLog(counting, SegmentCache(counting, many.folder / "own"), memory="256MB", threads=1)
    for _ in range(2):
        list(log.scan(THREE_HOURS, ["at_ms"]))

    assert len(fetched) == len(set(fetched)) == 3
