"""What is in the store, read by plain DuckDB and not by the code under test; and how that fits a ledger."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lifecycle.adapters.opening import open_records
from lifecycle.settings import load


@dataclass(frozen=True)
class Fit:
    """`lost`: acknowledged and not stored. `twice`: stored more than once. `surplus`: stored, never acknowledged."""

    acknowledged: int
    stored: int
    lost: int
    twice: int
    surplus: int


def fit(acknowledged, stored):
    counts = Counter(stored)
    return Fit(
        len(acknowledged),
        len(counts),
        len(set(acknowledged) - counts.keys()),
        sum(number > 1 for number in counts.values()),
        len(counts.keys() - set(acknowledged)),
    )


def records_of(environment):
    """The records area that an environment's settings name."""
    return open_records(
        load({name: text for name, text in environment.items() if name.startswith("PICKLEFLEET_")})
    )


def stored_ids(environment, kind="prediction", *, root=""):
    records = records_of(environment)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, key in enumerate(records.list(f"{root}kind={kind}")):
            paths.append(str(Path(folder) / f"{number}.parquet"))
            records.get_to_file(key, Path(paths[-1]))
        if not paths:
            return []
        query = "SELECT prediction_id FROM read_parquet($1, union_by_name = true)"
        with duckdb.connect() as connection:
            return [row[0] for row in connection.execute(query, [paths]).fetchall()]
