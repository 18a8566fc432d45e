import subprocess
import sys

import orjson

from lifecycle.prediction_log.drop_counts import read_drop_counts
from lifecycle.prediction_log.records import Feedback
from lifecycle.prediction_log.spool_files import read_events, spool_files
from lifecycle.signature import Feature, Signature
from tests.record_builders import LATE, SIGNATURE, record, recorder


def test_what_can_not_be_encoded_is_counted_and_no_error(tmp_path):
    writing = recorder(tmp_path)
    kept = writing.prediction(
        SIGNATURE, record("A", columns={"delay": [object()], "origin": ["JFK"]}, rows=1)
    )

    assert not kept
    (drop,) = read_drop_counts(next(tmp_path.glob("*.counts"))).drops
    assert (drop.reason, drop.events, drop.rows) == ("not_encodable", 1, 1)
    writing.close()


def test_a_column_that_is_not_there_is_counted_and_no_error(tmp_path):
    writing = recorder(tmp_path)

    assert not writing.prediction(SIGNATURE, record("A", columns={}))
    writing.close()


def test_feedback_that_can_not_be_kept_is_not_acknowledged(tmp_path):
    writing = recorder(tmp_path, budget_bytes=0)
    made = Feedback(prediction_ids=["A-0"], actuals=[1], observed_ms=[None], received_ms=1)

    assert not writing.feedback(made)
    writing.close()


def test_versions_of_the_same_columns_share_a_file(tmp_path):
    writing = recorder(tmp_path)
    for version in ("v1", "v2"):
        writing.prediction(SIGNATURE, record("A", version=version))
    writing.close()

    assert len(spool_files(tmp_path)) == 1


def test_versions_of_other_columns_do_not(tmp_path):
    other = Signature((*SIGNATURE.inputs, Feature("wind", "number", "float64")), (LATE,))
    writing = recorder(tmp_path)
    writing.prediction(SIGNATURE, record("A"))
    writing.prediction(other, record("B", version="v2", columns={"delay": [1], "origin": ["x"], "wind": [1]}))
    writing.close()

    assert [len(list(read_events(file.path))) for file in spool_files(tmp_path)] == [2, 2]


def test_of_several_requests_only_what_can_not_be_encoded_is_left_out(tmp_path):
    other = Signature((*SIGNATURE.inputs, Feature("wind", "number", "float64")), (LATE,))
    unfit = record("B", columns={"delay": [object()], "origin": ["JFK"]}, rows=1)
    winds = record("C", version="v2", columns={"delay": [1], "origin": ["x"], "wind": [1]})
    writing = recorder(tmp_path)

    assert writing.predictions([(SIGNATURE, record("A")), (other, winds), (SIGNATURE, record("D"))])
    assert not writing.predictions([(SIGNATURE, record("E")), (SIGNATURE, unfit), (SIGNATURE, record("F"))])
    writing.close()

    kept = [list(read_events(file.path))[1:] for file in spool_files(tmp_path)]
    assert sorted([orjson.loads(event)["id"] for event in events] for events in kept) == [
        ["A", "D", "E", "F"],
        ["C"],
    ]
    drops = [drop for path in tmp_path.glob("*.counts") for drop in read_drop_counts(path).drops]
    assert [(drop.reason, drop.events, drop.rows) for drop in drops] == [("not_encodable", 1, 1)]


def test_the_secret_is_not_shown(tmp_path):
    assert "kkkk" not in repr(recorder(tmp_path))


def test_recording_brings_no_database_into_the_web_process():
    code = "import lifecycle.prediction_log.recorder, sys; sys.exit('duckdb' in sys.modules or 'obstore' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
