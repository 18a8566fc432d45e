"""What recording costs a request: `python benchmarks/recording.py`. On a shared machine take the ratios."""

import os
import random
import sys
import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path

import orjson

from lifecycle.model import OutputAnswer
from lifecycle.prediction import FleetKey, mint
from lifecycle.prediction_log.process_spool import SpoolLimits
from lifecycle.prediction_log.recorder import Recorder
from lifecycle.prediction_log.records import PredictionEncoder, PredictionRecord
from lifecycle.signature import Feature, Output, Signature

FEATURES = 15


def signature() -> Signature:
    numbers = [Feature(f"feature_{n}", "number", "float64") for n in range(FEATURES - 3)]
    texts = [Feature(f"category_{n}", "category", "object") for n in range(3)]
    return Signature((*numbers, *texts), (Output("y", "classification", ("late", "on time")),))


def columns_of(rows: int) -> dict[str, list[object]]:
    random.seed(1)
    columns: dict[str, list[object]] = {
        f"feature_{n}": [round(random.random() * 100, 3) for _ in range(rows)]  # noqa: S311 - test data
        for n in range(FEATURES - 3)
    }
    return columns | {f"category_{n}": ["JFK"] * rows for n in range(3)}


def record(base: str, columns: dict[str, list[object]], rows: int) -> PredictionRecord:
    answer = OutputAnswer(["late"] * rows, [[0.83, 0.17]] * rows)
    return PredictionRecord(
        base_id=base, request_id="0" * 16, at_ms=1_700_000_000_000, version="v7", columns=columns,
        answers=[answer], rows=rows, owner="k1", latency_us=812, flags=[()] * rows,
    )  # fmt: skip


def microseconds(call: Callable[[], object], number: int) -> float:
    return min(timeit.repeat(call, number=number, repeat=30)) / number * 1e6


def measure(folder: Path, rows: int, number: int) -> None:
    columns, base = columns_of(rows), mint(FleetKey(b"k" * 32), rows)
    encoder = PredictionEncoder(signature(), b"k" * 32)
    recorder = Recorder(folder, SpoolLimits(budget_bytes=8 << 30), b"k" * 32)
    made = record(base, columns, rows)
    event = encoder.encode(made)
    with (folder / "plain").open("wb", buffering=0) as file:
        floor = microseconds(lambda: os.write(file.fileno(), orjson.dumps(columns)), number)
    encode = microseconds(lambda: encoder.encode(made), number)
    kept = signature()
    whole = microseconds(lambda: recorder.prediction(kept, record(base, columns, rows)), number)
    recorder.close()
    print(f"{rows:6d} rows: {len(event) / rows:6.0f} bytes a row; encode {encode:8.1f} us; ", end="")
    print(
        f"make, encode and append {whole:8.1f} us; {whole / floor:.1f} x one dumps of the inputs and one write"
    )


def main() -> None:
    parent = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        for rows, number in ((1, 2_000), (100, 200), (1_000, 20), (10_000, 2)):
            measure(Path(folder), rows, number)


if __name__ == "__main__":
    main()
