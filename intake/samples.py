"""Reading a file of rows: CSV (also gzipped) as texts, Parquet with its types. An empty field is missing."""

import csv
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd

from lifecycle.errors import PicklefleetError

_CSV_ENDINGS = (".csv", ".csv.gz")
_PARQUET_ENDINGS = (".parquet", ".pq")


def read_table(path: Path) -> pd.DataFrame:
    """All rows of the file. CSV cells are texts and None; "NA" and "nan" stay texts.

    Raises PicklefleetError in one sentence for a file that is missing, empty, ragged or not readable.
    """
    if not path.is_file():
        raise PicklefleetError(f"There is no file {path}.", fix="Check the path.")
    table = _read(path)
    if table.empty:
        raise PicklefleetError(
            f"{path.name} has no rows.", fix="Give a file with a header and at least one row."
        )
    return table


def _read(path: Path) -> pd.DataFrame:
    name = path.name.lower()
    if name.endswith(_CSV_ENDINGS):
        return _read_csv(path)
    if name.endswith(_PARQUET_ENDINGS):
        return _read_parquet(path)
    raise PicklefleetError(
        f"{path.name} is no kind of table that is read here.",
        fix=f"Give a file that ends in {', '.join((*_CSV_ENDINGS, *_PARQUET_ENDINGS))}.",
    )


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        rows = list(_csv_rows(path))
    except UnicodeDecodeError as problem:
        raise PicklefleetError(
            f"{path.name} is not UTF-8: byte {problem.start} can't be read.", fix="Save it again as UTF-8."
        ) from problem
    except (OSError, EOFError, zlib.error) as problem:
        raise PicklefleetError(
            f"{path.name} can't be read: {problem}.", fix="Write the file again."
        ) from problem
    except csv.Error as problem:
        raise PicklefleetError(f"{path.name} is no CSV: {problem}.", fix="Write the file again.") from problem
    if not rows:
        raise PicklefleetError(
            f"{path.name} is empty.", fix="Give a file with a header and at least one row."
        )
    header = _checked_header(rows[0], path)
    columns = {name: [row[index] or None for row in rows[1:]] for index, name in enumerate(header)}
    return pd.DataFrame(columns, dtype=object)


def _csv_rows(path: Path) -> Iterator[list[str]]:
    """The header, then every row that is not blank, each as wide as the header."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        width = None
        for row in reader:
            width = len(row) if width is None else width
            if not row and width != 1:
                continue
            if len(row or [""]) != width:
                raise PicklefleetError(
                    f"{path.name}, line {reader.line_num}: {len(row)} fields where the header has {width}.",
                    fix="Quote fields that contain commas, and give every row as many fields as the header.",
                )
            yield row or [""]


def _checked_header(header: list[str], path: Path) -> list[str]:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise PicklefleetError(
            f"{path.name} has the column {twice[0]!r} more than once.", fix="Rename one of them."
        )
    return header


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
            table: pd.DataFrame = connection.read_parquet(str(path)).df()
            return table
    except duckdb.Error as problem:
        reason = str(problem).splitlines()[0]
        raise PicklefleetError(
            f"{path.name} can't be read: {reason}", fix="Write the Parquet file again."
        ) from problem
