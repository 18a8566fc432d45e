"""Rows of a file are judged as those of the interface are, and recorded batch by batch."""

import math

import pytest

from agent import feedback_import
from agent.feedback_import import FeedbackImport, RowFault
from agent.label_files import Batch, LabelRow
from lifecycle.errors import PicklefleetError
from lifecycle.prediction import FleetKey, mint, row_id, verify
from lifecycle.signature import Output
from lifecycle.true_values import TrueValues

KEY = FleetKey(b"k" * 32)
LABELS = (Output("y0", "classification", (0, 1)),)


class Log:
    def __init__(self, *, room=100):
        self.kept = []
        self.room = room

    def __call__(self, feedback):
        if len(self.kept) < self.room:
            self.kept.append(feedback)
            return True
        return False


@pytest.fixture
def log():
    return Log()


def work(log, on="prediction_id", owner="", outputs=LABELS):
    return FeedbackImport(on, owner, KEY, TrueValues.of(outputs), log)


def new_id(owner=""):
    return row_id(mint(KEY, 1, owner), 0)


def batch(*rows, typed=False):
    numbered = tuple(
        LabelRow(number, reference, actual if isinstance(actual, dict) else {"y0": actual}, observed)
        for number, (reference, actual, observed) in enumerate(rows, 2)
    )
    return Batch(numbered, 1.0, typed)


def run(one, *batches):
    return one.run(batches, lambda _: None)


def test_texts_become_labels_and_times_unix_milliseconds(log):
    ids = [new_id(), new_id(), new_id()]
    moments = ("2013-01-31T09:15:00+01:00", "2013-01-31 08:15:00", None)

    done = run(
        work(log),
        batch(*((one, text, at) for one, text, at in zip(ids, ("1", "0.0", "1"), moments, strict=True))),
    )

    (kept,) = log.kept
    assert (done.accepted, done.refused, done.empty) == (3, 0, 0)
    assert list(kept.prediction_ids) == ids
    assert [repr(value) for value in kept.actuals] == ["1", "0", "1"]
    assert list(kept.observed_ms) == [1359620100000, 1359620100000, None]
    assert (kept.owner, kept.source) == ("", "import")


def test_typed_values_are_judged_by_their_type(log):
    done = run(
        work(log),
        batch((new_id(), 1, 1359620100000), (new_id(), "1", None), (new_id(), True, None), typed=True),
    )

    assert (done.accepted, done.refused) == (1, 2)
    assert list(log.kept[0].observed_ms) == [1359620100000]


def test_rows_without_a_value_are_left_out_and_counted(log):
    done = run(work(log), batch((new_id(), None, None)), batch((new_id(), math.nan, None), typed=True))

    assert (done.accepted, done.refused, done.empty) == (0, 0, 2)
    assert log.kept == []


def test_each_fault_names_its_row_and_column_and_never_the_value(log):
    secret = "patient-zero"

    done = run(work(log), batch((secret, secret, secret), (new_id(), "1", None)))

    assert (done.accepted, done.refused) == (1, 1)
    assert [(fault.number, fault.column) for fault in done.faults] == [
        (2, "prediction_id"),
        (2, "actual"),
        (2, "observed_at"),
    ]
    assert secret not in repr(done)


def test_an_id_of_another_owner_is_refused(log):
    rows = batch((new_id("shop"), "1", None))

    assert run(work(log), rows).refused == 1
    assert run(work(log, owner="shop"), rows).accepted == 1
    assert log.kept[0].owner == "shop"


def test_by_key_the_key_is_written_in_a_form_that_is_never_an_id(log):
    done = run(
        work(log, on="key", owner="shop"), batch(("order 17", "1", None), (18, 1, None), (None, "1", None))
    )

    assert list(log.kept[0].prediction_ids) == ["key:order 17", "key:18"]
    assert all(verify(KEY, one, "shop") is None for one in log.kept[0].prediction_ids)
    assert done.faults == [RowFault(4, "key", "Must have 1 to 256 characters.")]


def test_several_outputs_become_an_object_and_fault_by_column(log):
    outputs = (Output("arrival", "regression"), Output("saved", "regression"))
    one = work(log, outputs=outputs)

    done = run(
        one,
        batch(
            (new_id(), {"arrival": "1", "saved": "2"}, None),
            (new_id(), {"arrival": "1", "saved": None}, None),
        ),
        batch((new_id(), {"arrival": 1, "saved": 2.0}, None), typed=True),
    )

    assert [list(kept.actuals) for kept in log.kept] == [[{"arrival": 1.0, "saved": 2.0}]] * 2
    assert done.faults == [RowFault(3, "actual:saved", "Must be a finite number.")]


def test_of_many_faults_the_first_are_shown_and_all_counted(log):
    done = run(work(log), batch(*[("x", "7", None)] * 100))

    assert done.refused == 100
    assert len(done.faults) == feedback_import.SHOWN_FAULTS


def test_a_full_spool_ends_the_import_with_what_is_recorded_and_the_way_out():
    log = Log(room=1)
    rows = batch((new_id(), "1", None))

    with pytest.raises(PicklefleetError, match=r"1 rows of the file are recorded.*agent --once"):
        run(work(log), rows, rows)
    assert len(log.kept) == 1
