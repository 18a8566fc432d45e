"""What four web processes of one large forest need beside one: `python -m benchmarks.worker_memory [megabytes]`.

The model is loaded before the fork and shared. Memory is proportional (what is shared counts once), of the parent and
all workers, after every worker was asked often enough to have touched the trees.
"""

import json
import pickle
import sys
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier

from tests.prove.machine import Machine

ROWS, FEATURES = 20_000, 20
TREE_MB = 2.5  # of one tree that is grown to the end on so many rows
ASKED = 400


def main(megabytes: int) -> None:
    with tempfile.TemporaryDirectory(prefix="worker-memory-") as name:
        folder = Path(name)
        table = write_forest(folder, megabytes)
        size = (folder / "model.pkl").stat().st_size / 2**20
        machine = registered(folder)
        found = {workers: memory_mb(machine, workers, table) for workers in (1, 4)}
    print(f"A forest of {size:.0f} MB: {found[1]:.0f} MB with one worker, {found[4]:.0f} MB with four,")
    print(f"{found[4] / found[1]:.3f} times as much (the target: 1.2).")


def write_forest(folder: Path, megabytes: int) -> pd.DataFrame:
    draw = np.random.default_rng(5)
    table = pd.DataFrame(draw.normal(size=(ROWS, FEATURES)), columns=[f"x{n}" for n in range(FEATURES)])
    late = draw.random(ROWS) < 0.5  # nothing to learn: every tree grows to its largest
    forest = ExtraTreesClassifier(max(1, round(megabytes / TREE_MB)), max_features=1, random_state=0)
    (folder / "model.pkl").write_bytes(pickle.dumps(forest.fit(table, late)))
    table.head(200).to_csv(folder / "sample.csv", index=False)
    return table


def registered(folder: Path) -> Machine:
    own = {"STORE": str(folder / "store"), "KEYS_DIR": str(folder / "keys"), "WORKER": "events"}
    machine = Machine(folder / "machine", {f"PICKLEFLEET_{name}": text for name, text in own.items()})
    machine.run("trust", "init")
    machine.run("register", folder / "model.pkl", "--name", "forest", "--sample", folder / "sample.csv")
    machine.run("approve", "v1")
    machine.run("promote", "v1")
    machine.run("agent", "--once")
    return machine


def memory_mb(machine: Machine, workers: int, table: pd.DataFrame) -> float:
    machine.environment["PICKLEFLEET_WORKERS"] = str(workers)
    machine.start_web()
    try:
        for start in range(ASKED):
            ask(machine.port, table.iloc[32 * start % ROWS :].head(32))
        pids = [machine.web.pid if machine.web else 0, *machine.workers()]
        return sum(proportional_kb(pid) for pid in pids) / 1024
    finally:
        machine.stop()


def ask(port: int, rows: pd.DataFrame) -> None:
    """On a connection of its own, so that every worker gets its share. Raises HTTPError unless it is answered."""
    body = json.dumps({"columns": rows.to_dict("list")}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/predict", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        answer.read()


def proportional_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
