"""How much memory the agent takes for a backlog: `python benchmarks/agent_backlog.py`. It must not grow with it.

Each backlog is shipped by a process of its own. The last line ships with one plan for everything: what it would take
without the bound.
"""

import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

from agent.shipper import PLAN_BYTES, Shipper
from lifecycle import settings
from lifecycle.adapters.object_store import open_store
from lifecycle.model import OutputAnswer
from lifecycle.prediction import FleetKey, mint
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.recorder import Recorder
from lifecycle.prediction_log.records import PredictionRecord
from lifecycle.signature import Feature, Output, Signature

MB = 1 << 20
BACKLOGS_MB = (60, 200, 600)
UNBOUNDED_MB = 200
SEAL_BYTES = 16 * MB
FEATURES = 12
ROWS = 10
SIGNATURE = Signature(
    tuple(Feature(f"feature_{n}", "number", "float64") for n in range(FEATURES)),
    (Output("y", "classification", ("late", "on time")),),
)


def fill(spool: Path, size: int) -> int:
    """Requests of ten rows until the spool holds `size` bytes; how many rows."""
    recorder = Recorder(spool, SpoolLimits(seal_bytes=SEAL_BYTES, seal_age_s=3600.0), b"k" * 32)
    columns = {f"feature_{n}": [n + row / 7 for row in range(ROWS)] for n in range(FEATURES)}
    answer = OutputAnswer(["late"] * ROWS, [[0.83, 0.17]] * ROWS)
    rows = 0
    while rows % (1000 * ROWS) or _size(spool) < size:
        record = PredictionRecord(
            base_id=mint(FleetKey(b"k" * 32), ROWS), request_id="0" * 16, at_ms=1_700_000_000_000 + rows,
            version="v1", columns=columns, answers=[answer], rows=ROWS, owner="k1", latency_us=812,
        )  # fmt: skip
        if not recorder.prediction(SIGNATURE, record):
            raise SystemExit("The spool refused a record.")
        rows += ROWS
    recorder.close()
    return rows


def part(spool: Path, of: Path, size: int) -> Path:
    """The first sealed spools of `of`, up to `size` bytes, as a spool of their own."""
    spool.mkdir()
    for path in sorted(of.glob("*.sealed"), key=lambda one: one.name):
        if _size(spool) >= size:
            break
        os.link(path, spool / path.name)
    return spool


def ship(spool: Path, store: Path, plan_bytes: int) -> tuple[float, float, int]:
    """Seconds, peak in MB, and segments."""
    area = open_store(settings.load({"PICKLEFLEET_STORE": f"file://{store}"})).area("records")
    started = time.monotonic()
    with patch("agent.shipper.PLAN_BYTES", plan_bytes):
        shipped = Shipper(area, spool).ship()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return time.monotonic() - started, peak, shipped.segments


def told(spool: Path, store: Path, plan_bytes: int) -> float:
    size = _size(spool) / MB
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        seconds, peak, segments = own.submit(ship, spool, store, plan_bytes).result()
    print(
        f"backlog {size:4.0f} MB, plans of {plan_bytes / MB:5.0f} MB: {seconds:6.1f} s, peak {peak:5.0f} MB, "
        f"{segments} segments, {len(list(spool.glob('*.sealed')))} spools left",
        flush=True,
    )
    return peak


def _size(spool: Path) -> int:
    return sum(path.stat().st_size for path in spool.glob("prediction-*")) if spool.exists() else 0


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else max(BACKLOGS_MB)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print(f"{fill(folder / 'all', largest * MB):,} rows recorded", flush=True)
        peaks = []
        for size in [one for one in BACKLOGS_MB if one <= largest]:
            spool = part(folder / f"spool-{size}", folder / "all", size * MB)
            peaks.append(told(spool, folder / f"store-{size}", PLAN_BYTES))
        print(f"largest peak / smallest peak: {max(peaks) / min(peaks):.2f}", flush=True)
        spool = part(folder / "unbounded", folder / "all", min(UNBOUNDED_MB, largest) * MB)
        told(spool, folder / "store-unbounded", 1 << 40)


if __name__ == "__main__":
    main()
