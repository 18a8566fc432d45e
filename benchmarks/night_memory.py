"""What counting a night takes, however large its hours are: `python -m benchmarks.night_memory [rows…]`.

All rows lie in one hour: 12 numbers and a label, counted against a profile of 1,024 edges a column. Each count runs in a
process of its own, so its peak is its own. The twin reads the hour as a whole.
"""

import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.reading import DAY, FEATURES, make, records
from drift_jobs.reading import Watched, count_window
from lifecycle.prediction_log.hour_files import HourFiles
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.profile.counts import Counts
from lifecycle.reference.build import Reference, build_profile
from lifecycle.signature import Feature, Output, Signature

ROWS = (1_000_000, 10_000_000)
REFERENCE_ROWS = 50_000
LABELS = ("late", "on time")
SIGNATURE = Signature(
    tuple(Feature(f"x{n}", "number", "float64") for n in range(FEATURES)),
    (Output("y", "classification", LABELS, "late", ("predict",)),),
)

Measured = tuple[float, float, float, int]


def watched() -> Watched:
    random = np.random.default_rng(0)
    columns = {f"x{n}": (random.random(REFERENCE_ROWS) * 100).round(3) for n in range(FEATURES)}
    labels = random.choice(LABELS, REFERENCE_ROWS, p=[0.3, 0.7]).tolist()
    reference = Reference(columns, {"y": ("category", labels)}, REFERENCE_ROWS)
    return Watched("v1", "", SIGNATURE, build_profile(SIGNATURE, reference), "")


def counted(folder: Path, *, whole: bool) -> Measured:
    """Seconds, seconds of CPU, the peak in MB above what the process had before, and the rows."""
    area, of = records(folder), watched()
    log = PredictionLog(area, SegmentCache(area, folder / "cache"), memory="512MB", threads=1)
    if of.profile is None:
        raise RuntimeError("The version has no profile.")
    before, wall, cpu = _peak_mb(), time.perf_counter(), time.process_time()
    with patch.object(HourFiles, "batches", _at_once if whole else HourFiles.batches):
        found: Counts | None = count_window(log, DAY, of, of.profile)
    return (
        time.perf_counter() - wall,
        time.process_time() - cpu,
        _peak_mb() - before,
        found.rows if found else 0,
    )


def _at_once(hour: HourFiles, columns: list[str]) -> list[dict[str, np.ndarray]]:
    return [hour.read(columns)]


def _peak_mb() -> float:
    """Of this process alone: getrusage would tell its parent's peak where that is larger."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main(asked: tuple[int, ...]) -> None:
    print(f"{'rows in one hour':>18}  {'seconds':>8}  {'of CPU':>8}  {'peak':>10}")
    for rows in asked:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), rows, among=1)
            for whole in (False, True):
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                    seconds, cpu, peak, found = pool.submit(counted, Path(folder), whole=whole).result()
                title = "  at once" if whole else ""
                print(f"{found:>18,}  {seconds:8.2f}  {cpu:8.2f}  {peak:7,.0f} MB{title}", flush=True)


if __name__ == "__main__":
    main(tuple(int(text.replace(",", "")) for text in sys.argv[1:]) or ROWS)
