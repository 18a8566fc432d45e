"""What reading the log costs: `python benchmarks/reading.py [rows]`, 10 million by default. Take the ratios.

The segments are made by DuckDB in the shape that the shipper gives them, one an hour, over one day.
"""

# ruff: noqa: S608 - the statements are made of this file's own numbers and names

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from lifecycle import settings
from lifecycle.adapters.object_store import open_store
from lifecycle.hour_files import HourFiles
from lifecycle.prediction_log import PredictionLog
from lifecycle.segment_cache import SegmentCache
from lifecycle.segments import copy_to_parquet, hour_folder, order_of
from lifecycle.window import Window

FEATURES = 12
HOURS = 24
LABELLED = 0.3
DAY = datetime(2026, 1, 5, tzinfo=UTC)
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def prediction_id(at_ms: str) -> str:
    """SQL for an id that begins with its time, as `mint` makes them."""
    time_part = " || ".join(
        f"substr('{BASE32}', (({at_ms}) * 4 >> {shift} & 31)::INT + 1, 1)" for shift in range(45, -1, -5)
    )
    return f"{time_part} || upper(substr(md5(n::VARCHAR), 1, 22)) || '-0'"


def make(store: Path, rows: int) -> None:
    per_hour = rows // HOURS
    with duckdb.connect() as connection:
        for index in range(HOURS):
            start_ms = int((DAY + timedelta(hours=index)).timestamp()) * 1000
            inputs = ", ".join(f"round(random() * 100, 3) AS in_x{n}" for n in range(FEATURES))
            rowset = (
                f"SELECT {index * per_hour} + range AS n, {start_ms} + range * 3600000 // {per_hour} AS at_ms "
                f"FROM range({per_hour})"
            )
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE hour AS SELECT {prediction_id('at_ms')} AS prediction_id, "
                "NULL::VARCHAR AS row_key, left(md5(n::VARCHAR), 16) AS request_id, at_ms, 'v1' AS version, "
                "'champion' AS arm, 'k1' AS owner, NULL::VARCHAR AS unit_id, 800 AS latency_us, 'live' AS source, "
                f"NULL::VARCHAR AS idempotency, NULL::VARCHAR[] AS flags, {inputs}, "
                f"if(random() < 0.3, 'late', 'on time') AS label, random() AS p_late FROM ({rowset})"
            )
            hour = start_ms // 3_600_000
            path = store / "records" / hour_folder("prediction", hour) / "segment.parquet"
            path.parent.mkdir(parents=True)
            copy_to_parquet(connection, "SELECT * FROM hour", order_of("prediction"), path)
            labels = (
                "SELECT prediction_id, label AS actual, NULL::DOUBLE AS actual_number, NULL::BIGINT AS observed_ms, "
                f"at_ms + 3600000 AS received_ms, 'k1' AS owner, 'api' AS source FROM hour USING SAMPLE {LABELLED:%}"
            )
            path = store / "records" / hour_folder("feedback", hour + 1) / "segment.parquet"
            path.parent.mkdir(parents=True)
            copy_to_parquet(connection, labels, order_of("feedback"), path)


def timed(name: str, work: Callable[[], object]) -> float:
    started, before = time.monotonic(), time.process_time()
    result = work()
    seconds, cpu = time.monotonic() - started, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:44s} {seconds:7.2f} s, {cpu:6.2f} s of CPU, peak so far {peak:6.0f} MB: {result}")
    return seconds


def histogram(hour: HourFiles) -> int:
    """Two columns into 64 bins each, as a profile does."""
    counts = hour.query(
        ["in_x0", "in_x1"],
        "SELECT floor(in_x0 / 100 * 64) AS a, floor(in_x1 / 100 * 64) AS b, count(*) FROM predictions GROUP BY ALL",
    )
    return sum(row[2] for row in counts)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        timed(f"making {rows:,} records", lambda: make(Path(folder) / "store", rows))
        area = open_store(settings.load({"PICKLEFLEET_STORE": f"file://{folder}/store"})).area("records")
        log = PredictionLog(area, SegmentCache(area, Path(folder) / "cache"))
        window = Window(DAY, DAY + timedelta(days=1))
        timed("fetching all segments into the cache", lambda: sum(1 for _ in log.hours(window)))
        timed("two columns, counted by hour", lambda: log.map_hours(window, histogram, int.__add__))
        timed(
            "two columns, as arrays",
            lambda: sum(len(batch["in_x0"]) for batch in log.scan(window, ["in_x0", "p_late"])),
        )
        timed("coverage: join with the labels", lambda: log.coverage(window))
        timed(
            "labelled rows, with label and probability",
            lambda: sum(len(batch["actual"]) for batch in log.labelled(window, ["label", "p_late"])),
        )


if __name__ == "__main__":
    main()
