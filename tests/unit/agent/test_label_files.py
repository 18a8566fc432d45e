"""Files as people have them: read in batches, their columns checked before the first row."""

import duckdb
import pytest

from agent import label_files
from agent.label_files import Columns, LabelRow, read_labels
from lifecycle.errors import PicklefleetError

ONE = Columns.of("prediction_id", ("y0",))
TWO = Columns.of("key", ("arrival", "saved"))


@pytest.fixture
def csv_file(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "labels.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def parquet_file(tmp_path):
    def write(select):
        path = tmp_path / "labels.parquet"
        duckdb.connect().execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
        return path

    return write


def rows(path, columns=ONE):
    return [row for batch in read_labels(path, columns) for row in batch.rows]


def refusal(path, columns=ONE):
    with pytest.raises(PicklefleetError) as caught:
        rows(path, columns)
    return str(caught.value)


def test_csv_rows_carry_their_line_and_what_is_empty_is_none(csv_file):
    path = csv_file("prediction_id,actual,observed_at,other\na-0,late,2013-01-31,x\nb-0,,,\n")

    assert rows(path) == [
        LabelRow(2, "a-0", {"y0": "late"}, "2013-01-31"),
        LabelRow(3, "b-0", {"y0": None}, None),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_the_first_name(csv_file, encoding):
    assert rows(csv_file("actual,prediction_id\r\nverspätet,a-0\r\n", encoding))[0].actual == {
        "y0": "verspätet"
    }


def test_several_outputs_have_a_column_each(csv_file):
    path = csv_file("key,actual:saved,actual:arrival\nk1,2,1\n")

    assert rows(path, TWO) == [LabelRow(2, "k1", {"arrival": "1", "saved": "2"}, None)]


def test_parquet_values_keep_their_types(parquet_file):
    path = parquet_file(
        "SELECT 'a-0' prediction_id, 1::DECIMAL(4,1) actual, TIMESTAMP '2013-01-31 08:15:00' observed_at "
        "UNION ALL SELECT NULL, NULL, NULL"
    )

    assert rows(path) == [
        LabelRow(1, "a-0", {"y0": 1.0}, 1359620100000),
        LabelRow(2, None, {"y0": None}, None),
    ]


@pytest.mark.parametrize(
    "observed", ["TIMESTAMPTZ '2013-01-31 09:15:00+01'", "DATE '2013-01-31'", "'2013-01-31'"]
)
def test_parquet_times_of_every_type_can_be_read(parquet_file, observed):
    (row,) = rows(parquet_file(f"SELECT 'a-0' prediction_id, true actual, {observed} observed_at"))

    assert row.observed in {1359620100000, 1359590400000, "2013-01-31"}
    assert row.actual == {"y0": True}


def test_files_come_in_batches_with_the_share_that_was_read(csv_file, parquet_file, monkeypatch):
    monkeypatch.setattr(label_files, "BATCH_ROWS", 2)
    table = "SELECT 'a-' || range prediction_id, range actual FROM range(5)"

    for path in (csv_file("prediction_id,actual\n" + "a-0,1\n" * 5), parquet_file(table)):
        batches = list(read_labels(path, ONE))
        assert [len(batch.rows) for batch in batches] == [2, 2, 1]
        assert batches[-1].read == 1
        assert all(0 < batch.read <= 1 for batch in batches)
    assert [row.number for row in rows(path)] == [1, 2, 3, 4, 5]


def test_a_missing_column_is_named_with_those_there_are(csv_file, parquet_file):
    message = "labels.csv has no column prediction_id and no column actual. It has: id, label."
    assert refusal(csv_file("id,label\n")) == message
    assert "no column actual:saved." in refusal(csv_file("key,actual:arrival\n"), TWO)
    assert "no column actual" in refusal(parquet_file("SELECT 'a' prediction_id"))


def test_a_file_with_the_other_reference_is_answered_with_the_option(csv_file):
    assert refusal(csv_file("key,actual\n")).endswith("To join by key: --on key.")


@pytest.mark.parametrize("text", ["", "prediction_id\n", 'prediction_id,actual\n"a,1\n'])
def test_a_file_that_is_no_table_is_refused(csv_file, text):
    assert "labels.csv" in refusal(csv_file(text))


def test_other_bytes_and_other_endings_are_refused(tmp_path, csv_file):
    assert "must be UTF-8" in refusal(csv_file("prediction_id,actual\nä,1\n", "latin-1"))
    (tmp_path / "labels.parquet").write_bytes(b"PAR1nonsense")
    assert "can't be read" in refusal(tmp_path / "labels.parquet")
    assert "neither .csv nor .parquet" in refusal(tmp_path / "labels.xlsx")
