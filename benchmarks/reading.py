"""What reading the log costs: `python benchmarks/reading.py [rows]`, 10 million by default. Take the ratios.

DuckDB writes the segments in the shape that the shipper gives them, one an hour, over one day, and labels for three
rows of ten, compacted; all of it in a temporary folder. Each reading runs in a process of its own: its peak is its own.
"""

# ruff: noqa: S608 - the statements are made of this file's own numbers and names

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import duckdb

from lifecycle import settings
from lifecycle.adapters.object_store import open_store
from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.compaction import Compactor
from lifecycle.prediction_log.duck import connect
from lifecycle.prediction_log.hour_files import HourFiles
from lifecycle.prediction_log.label_join import ANY_ID
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.segment_index import hours_of, listings
from lifecycle.prediction_log.segments import copy_to_parquet, hour_folder, order_of
from lifecycle.window import Window

FEATURES = 12
HOURS = 24
LABELLED = 3  # of ten rows
HOUR_MS = 3_600_000
START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = Window(START, START + timedelta(days=1))
ONE_HOUR = Window(START + timedelta(hours=12), START + timedelta(hours=13))
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Reading = Callable[[PredictionLog], object]


def prediction_id(at_ms: str) -> str:
    """SQL for an id that begins with its time, as `mint` makes them."""
    time_part = " || ".join(
        f"substr('{BASE32}', (({at_ms}) * 4 >> {shift} & 31)::INT + 1, 1)" for shift in range(45, -1, -5)
    )
    return f"{time_part} || upper(substr(md5(n::VARCHAR), 1, 22)) || '-0'"


def make(folder: Path, rows: int, among: int = HOURS) -> int:
    """The rows that were made, among so many hours."""
    area = records(folder)
    with connect(folder, memory="2GB", threads=2) as connection:
        for index in range(among):
            start_ms = int(START.timestamp()) * 1000 + index * HOUR_MS
            connection.execute(_hour(index * (rows // among), rows // among, start_ms))
            _copy(connection, folder, "prediction", start_ms // HOUR_MS, "SELECT * EXCLUDE (n) FROM hour")
            _copy(connection, folder, "feedback", start_ms // HOUR_MS + 1, _labels())
    compactor = Compactor(area, SegmentCache(area, folder / "making"))
    hours = range(hours_of(DAY).start, hours_of(DAY).stop + 1)
    for listing in listings(area, "feedback", hours):
        compactor.compact(listing)
    return rows // among * among


def _hour(first: int, rows: int, start_ms: int) -> str:
    inputs = ", ".join(f"round(random() * 100, 3) AS in_x{n}" for n in range(FEATURES))
    return (
        f"CREATE OR REPLACE TEMP TABLE hour AS SELECT n, {prediction_id('at_ms')} AS prediction_id, "
        "'key' || n AS row_key, left(md5(n::VARCHAR), 16) AS request_id, at_ms, 'v1' AS version, "
        "'champion' AS arm, 'k1' AS owner, NULL::VARCHAR AS unit_id, 800 AS latency_us, 'live' AS source, "
        f"NULL::VARCHAR AS idempotency, NULL::VARCHAR[] AS flags, {inputs}, "
        "if(random() < 0.3, 'late', 'on time') AS label, random() AS p_late "
        f"FROM (SELECT {first} + range AS n, {start_ms} + range * {HOUR_MS} // {rows} AS at_ms FROM range({rows}))"
    )


def _labels() -> str:
    return (
        "SELECT prediction_id, label AS actual, NULL::DOUBLE AS actual_number, NULL::BIGINT AS observed_ms, "
        f"at_ms + {HOUR_MS} AS received_ms, 'k1' AS owner, 'api' AS source FROM hour WHERE n % 10 < {LABELLED}"
    )


def make_keyed(folder: Path, rows: int) -> int:
    """The labels told once more, by row key: what `feedback import --on key` leaves."""
    hour = hours_of(DAY).stop
    with connect(folder, memory="2GB", threads=2) as connection:
        query = (
            "SELECT 'key:key' || range AS prediction_id, 'late' AS actual, NULL::DOUBLE AS actual_number, "
            f"NULL::BIGINT AS observed_ms, {(hour + 1) * HOUR_MS} AS received_ms, 'k1' AS owner, "
            f"'import' AS source FROM range({rows}) WHERE range % 10 < {LABELLED}"
        )
        _copy(connection, folder, "feedback", hour + 1, query)
    return rows * LABELLED // 10


def _copy(connection: duckdb.DuckDBPyConnection, folder: Path, kind: str, hour: int, query: str) -> None:
    path = folder / "store" / "records" / hour_folder(kind, hour) / "segment.parquet"
    path.parent.mkdir(parents=True)
    copy_to_parquet(connection, query, order_of(kind), path)


def records(folder: Path) -> ObjectStore:
    return open_store(settings.load({"PICKLEFLEET_STORE": f"file://{folder}/store"})).area("records")


def histogram(hour: HourFiles) -> int:
    """Two columns into 64 bins each, as a profile does."""
    counts = hour.query(
        ["in_x0", "in_x1"],
        "SELECT floor(in_x0 / 100 * 64) AS a, floor(in_x1 / 100 * 64) AS b, count(*) FROM predictions GROUP BY ALL",
    )
    return sum(row[2] for row in counts)


def fetch(log: PredictionLog) -> object:
    return sum(len(hour.paths) for hour in log.hours(DAY))


def count_two_columns(log: PredictionLog) -> object:
    return log.map_hours(DAY, histogram, int.__add__)


def read_two_columns(log: PredictionLog) -> object:
    return sum(len(batch["in_x0"]) for batch in log.scan(DAY, ["in_x0", "in_x1"]))


def join(log: PredictionLog) -> object:
    return log.coverage(DAY).labelled


def join_as_arrays(log: PredictionLog) -> object:
    return sum(len(batch["actual"]) for batch in log.labelled(DAY, ["label", "p_late"]))


def join_one_hour(log: PredictionLog) -> object:
    return log.coverage(ONE_HOUR).labelled


def join_one_hour_unpruned(log: PredictionLog) -> object:
    with patch("lifecycle.prediction_log.label_join.id_bounds", return_value=ANY_ID):
        return log.coverage(ONE_HOUR).labelled


def measured(folder: Path, reading: Reading) -> tuple[float, float, float, object]:
    """Seconds, seconds of CPU, peak in MB, and what came out."""
    area = records(folder)
    log = PredictionLog(area, SegmentCache(area, folder / "cache"))
    started, before = time.monotonic(), time.process_time()
    result = reading(log)
    seconds, cpu = time.monotonic() - started, time.process_time() - before
    return seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, result


def told(folder: Path, name: str, reading: Reading) -> float:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        seconds, cpu, peak, result = own.submit(measured, folder, reading).result()
    print(f"{name:44s} {seconds:7.2f} s, {cpu:6.2f} s of CPU, peak {peak:6.0f} MB: {result:>11,}", flush=True)
    return seconds


def prepared(folder: Path, name: str, work: Callable[[Path, int], int], rows: int) -> None:
    started = time.monotonic()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        made = own.submit(work, folder, rows).result()
    print(f"{name:44s} {time.monotonic() - started:7.2f} s: {made:,}", flush=True)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepared(folder, "making records", make, rows)
        told(folder, "fetching the day into the cache", fetch)
        told(folder, "two columns of the day, counted", count_two_columns)
        told(folder, "two columns of the day, as arrays", read_two_columns)
        told(folder, "the day joined with its labels, counted", join)
        told(folder, "the day's labelled rows, as arrays", join_as_arrays)
        pruned = told(folder, "one hour joined, pruned by ids", join_one_hour)
        unpruned = told(folder, "one hour joined, unpruned", join_one_hour_unpruned)
        print(f"unpruned / pruned: {unpruned / pruned:.1f}")
        prepared(folder, "telling the labels by row key too", make_keyed, rows)
        told(folder, "the day joined by id and by key, counted", join)
        print(f"disk: {sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()) / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
