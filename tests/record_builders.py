"""Records, spools and stores for tests of the prediction log."""

from pathlib import Path

import duckdb

from lifecycle import settings
from lifecycle.adapters.object_store import open_store
from lifecycle.model import OutputAnswer
from lifecycle.object_store import ObjectStore
from lifecycle.prediction import FleetKey, mint
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.recorder import Recorder
from lifecycle.prediction_log.records import PredictionRecord
from lifecycle.signature import Feature, Output, Signature

SECRET = b"k" * 32
FLEET_KEY = FleetKey(b"f" * 32)
HOUR = 3_600_000
NOON = 1_700_000_000_000 // HOUR * HOUR

LATE = Output("y", "classification", ("late", "on time"), methods=("predict", "predict_proba"))
SIGNATURE = Signature(
    (Feature("delay", "number", "float64"), Feature("origin", "category", "object")), (LATE,)
)


def record(base_id: str, *, at_ms: int = NOON, rows: int = 1, **more: object) -> PredictionRecord:
    given = {
        "request_id": f"request-{base_id}",
        "version": "v1",
        "columns": {"delay": [float(row) for row in range(rows)], "origin": ["JFK"] * rows},
        "answers": [OutputAnswer(["late"] * rows, [[0.75, 0.25]] * rows)],
    }
    return PredictionRecord(base_id=base_id, at_ms=at_ms, rows=rows, **(given | more))


def new_id(rows: int = 1) -> str:
    return mint(FLEET_KEY, rows)


def recorder(spool: Path, **limits: float) -> Recorder:
    return Recorder(spool, SpoolLimits(**limits), SECRET)


def records_area(folder: Path) -> ObjectStore:
    return open_store(settings.load({"PICKLEFLEET_STORE": f"file://{folder}"})).area("records")


def stored_ids(folder: Path, kind: str = "prediction") -> list[str]:
    """Read by plain DuckDB, not by the code under test."""
    files = [str(path) for path in sorted((folder / "records").glob(f"kind={kind}/*/*/*.parquet"))]
    if not files:
        return []
    query = "SELECT prediction_id FROM read_parquet($1, union_by_name = true) ORDER BY 1"
    return [row[0] for row in duckdb.execute(query, [files]).fetchall()]


class PowerCut(BaseException):
    """Not an Exception: nothing in the code may clean up after it."""


def write_spools(
    spool: Path, hours: tuple[int, ...] = (0, 1, 2), per_hour: int = 3, files: int = 2, **limits: float
) -> list[str]:
    """Some spools, each over several hours; the ids that were acknowledged."""
    ids: list[str] = []
    for _ in range(files):
        writing = recorder(spool, **limits)
        for hour in hours:
            for _ in range(per_hour):
                base = new_id(2)
                assert writing.prediction(SIGNATURE, record(base, at_ms=NOON + hour * HOUR, rows=2))
                ids += [f"{base}-0", f"{base}-1"]
        writing.close()
    return sorted(ids)
