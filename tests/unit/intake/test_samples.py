import csv
import gzip
import io
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.samples import read_table
from lifecycle.errors import PicklefleetError


def written(folder: Path, content: bytes | str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_an_empty_field_is_missing_and_words_for_missing_are_texts(tmp_path):
    table = read_table(written(tmp_path, 'a,b\nNA,\nnan,None\n"",1\n'))

    assert table.to_dict("list") == {"a": ["NA", "nan", None], "b": [None, "None", "1"]}


def test_quotes_line_breaks_and_a_byte_order_mark_are_read(tmp_path):
    table = read_table(written(tmp_path, '\ufeffa,b\r\n"x, y","two\nlines"\r\n\r\n'))

    assert table.to_dict("list") == {"a": ["x, y"], "b": ["two\nlines"]}


def test_one_column_may_have_missing_rows(tmp_path):
    assert read_table(written(tmp_path, "a\n1\n\n3\n"))["a"].tolist() == ["1", None, "3"]


def test_a_gzipped_csv_is_read(tmp_path):
    assert read_table(written(tmp_path, gzip.compress(b"a\n1\n", mtime=0), "rows.csv.gz"))["a"].tolist() == [
        "1"
    ]


def test_parquet_keeps_its_types(tmp_path):
    path = tmp_path / "rows.parquet"
    with duckdb.connect() as connection:
        connection.sql(
            f"COPY (SELECT 1 AS a, 'x' AS b, TRUE AS c, 0.5::DOUBLE AS d) TO '{path}' (FORMAT parquet)"
        )

    assert read_table(path).to_dict("records") == [{"a": 1, "b": "x", "c": True, "d": 0.5}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.csv", b"", "rows.csv is empty"),
        ("rows.csv", b"a,b\n", "rows.csv has no rows"),
        ("rows.csv", b"a,b\n1,2\n1,2,3\n", r"rows.csv, line 3: 3 fields where the header has 2"),
        ("rows.csv", b"a,b\n1\n", r"line 2: 1 fields where the header has 2"),
        ("rows.csv", b"a,a\n1,2\n", "the column 'a' more than once"),
        ("rows.csv", b"a\n\xe9t\xe9\n", "rows.csv is not UTF-8: byte 2"),
        ("rows.csv", b'a\n"open\n', "rows.csv is no CSV"),
        ("rows.csv.gz", b"a\n1\n", "rows.csv.gz can't be read: Not a gzipped file"),
        ("rows.csv.gz", gzip.compress(b"a\n1\n", mtime=0)[:-9], "rows.csv.gz can't be read"),
        ("rows.parquet", b"PAR1", "rows.parquet can't be read"),
        (
            "rows.xlsx",
            b"PK",
            r"rows.xlsx is no kind of table .* Give a file that ends in .csv, .csv.gz, .parquet",
        ),
    ],
)
def test_an_unreadable_file_is_refused_in_one_sentence(tmp_path, name, content, message):
    with pytest.raises(PicklefleetError, match=message) as refusal:
        read_table(written(tmp_path, content, name))

    assert refusal.value.fix
    assert "\n" not in refusal.value.message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PicklefleetError, match=r"There is no file .*nowhere.csv"):
        read_table(tmp_path / "nowhere.csv")


CELLS = st.text(st.characters(exclude_characters="\x00\ufeff", exclude_categories=["Cs"]), max_size=8)


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_what_a_csv_writer_wrote_is_read_back(tmp_path_factory, rows):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])

    table = read_table(written(tmp_path_factory.mktemp("csv"), buffer.getvalue()))

    assert [tuple(cell or "" for cell in row) for row in table.to_numpy().tolist()] == rows
