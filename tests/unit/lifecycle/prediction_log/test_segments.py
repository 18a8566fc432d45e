# ruff: noqa: S608 - the statements are this file's own

from dataclasses import replace

import duckdb
import pytest

from lifecycle.model import OutputAnswer
from lifecycle.prediction_log.record_schema import FEEDBACK
from lifecycle.prediction_log.records import Feedback, PredictionEncoder, encode_feedback
from lifecycle.prediction_log.segments import hour_folder, segment_key, write_segments
from lifecycle.signature import Feature, Output, Signature
from tests.record_builders import HOUR, NOON, SECRET, SIGNATURE, record


def segments(folder, lines, schema):
    (folder / "events").write_bytes(b"".join(line + b"\n" for line in lines))
    return write_segments(folder / "events", schema, folder, longest=max(map(len, lines))).segments


def written(folder, signature, *records):
    encoder = PredictionEncoder(signature, SECRET)
    return segments(folder, [encoder.encode(one) for one in records], encoder.schema)


def rows(segment, columns):
    return duckdb.execute(
        f"SELECT {columns} FROM read_parquet($1) ORDER BY prediction_id", [str(segment.path)]
    ).fetchall()


def test_rows_keep_their_number_and_their_request(tmp_path):
    (segment,) = written(
        tmp_path, SIGNATURE, record("A", rows=2, row_keys=["x", "y"], unit_id="u", latency_us=7)
    )

    expected = [("A-0", "x", "request-A", "u", 7), ("A-1", "y", "request-A", "u", 7)]
    assert expected == rows(segment, "prediction_id, row_key, request_id, unit_id, latency_us")


def test_flags_lie_with_their_row(tmp_path):
    (segment,) = written(tmp_path, SIGNATURE, record("A", rows=2, flags=((), ("not_finite",))))

    assert rows(segment, "flags") == [([],), (["not_finite"],)]


@pytest.mark.parametrize(
    ("labels", "kind"),
    [((1, 2), "BIGINT"), ((True, False), "BOOLEAN"), (("a", "b"), "VARCHAR"), ((0.5, 1.5), "DOUBLE")],
)
def test_labels_keep_their_type(tmp_path, labels, kind):
    signature = replace(SIGNATURE, outputs=(Output("y", "classification", labels),))
    (segment,) = written(tmp_path, signature, record("A", rows=2, answers=[OutputAnswer(list(labels))]))

    assert [(label, kind) for label in labels] == rows(segment, "label, typeof(label)")


def test_a_regression_has_values_and_a_transform_lists_of_them(tmp_path):
    for task, values in {"regression": [1.5], "transform": [[1.5, 2.5]]}.items():
        signature = replace(SIGNATURE, outputs=(Output("y", task),))
        (segment,) = written(tmp_path, signature, record("A", answers=[OutputAnswer(values=values)]))

        assert [(values[0],)] == rows(segment, "value")


def test_scores_of_two_classes_are_numbers_and_of_more_are_lists(tmp_path):
    for labels, scores in {("a", "b"): [0.5], ("a", "b", "c"): [[0.5, 1.0, -1.0]]}.items():
        signature = replace(SIGNATURE, outputs=(Output("y", "classification", labels),))
        (segment,) = written(tmp_path, signature, record("A", answers=[OutputAnswer(["a"], scores=scores)]))

        assert [(scores[0],)] == rows(segment, "score")


def test_several_outputs_have_columns_of_their_own(tmp_path):
    outputs = (Output("a", "classification", ("x", "y")), Output("b", "classification", (1, 2)))
    answers = [OutputAnswer(["x"], [[0.9, 0.1]]), OutputAnswer([2], [[0.2, 0.8]])]
    (segment,) = written(tmp_path, replace(SIGNATURE, outputs=outputs), record("A", answers=answers))

    assert rows(segment, "label_a, label_b, p_a_x, p_b_2") == [("x", 2, 0.9, 0.8)]


def test_names_may_hold_any_characters(tmp_path):
    odd = ['it\'s "odd"; DROP TABLE x', "Ärger\n", "delay", "Delay"]
    signature = Signature(tuple(Feature(name, "number", "float64") for name in odd), SIGNATURE.outputs)
    (segment,) = written(tmp_path, signature, record("A", columns={name: [n] for n, name in enumerate(odd)}))

    assert rows(segment, "columns(lambda name: starts_with(name, 'in_'))") == [(0.0, 1.0, 2.0, 3.0)]


def test_each_hour_has_a_segment(tmp_path):
    found = written(tmp_path, SIGNATURE, *(record(f"ID{n}", at_ms=NOON + n * HOUR // 2) for n in range(4)))

    assert [segment.hour for segment in found] == [NOON // HOUR, NOON // HOUR + 1]
    assert [len(rows(segment, "at_ms")) for segment in found] == [2, 2]


def test_the_same_events_give_the_same_bytes(tmp_path):
    made = [record(f"ID{n}", rows=3) for n in range(50)]
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        contents.append([segment.path.read_bytes() for segment in written(tmp_path / name, SIGNATURE, *made)])

    assert contents[0] == contents[1]


def test_feedback_lies_in_the_hour_of_its_arrival(tmp_path):
    made = Feedback(
        prediction_ids=["B-0", "A-0"], actuals=[1, "late"], observed_ms=[None, 9], received_ms=NOON
    )
    (segment,) = segments(tmp_path, [encode_feedback(made)], FEEDBACK)

    assert segment.hour == NOON // HOUR
    assert rows(segment, "prediction_id, actual, actual_number, observed_ms") == [
        ("A-0", "late", None, 9),
        ("B-0", "1", 1.0, None),
    ]


def test_a_request_of_many_rows_is_read_whole(tmp_path):
    (segment,) = written(tmp_path, SIGNATURE, record("A", rows=60_000))

    assert len(rows(segment, "prediction_id")) == 60_000


def test_a_key_names_kind_day_and_hour():
    assert (
        segment_key("prediction", 25, "x-000000")
        == "kind=prediction/date=1970-01-02/hour=01/x-000000.parquet"
    )
    assert hour_folder("drops", -1) == "kind=drops/date=1969-12-31/hour=23"
