"""The same pickles behind Picklefleet and behind a peer, in turn: `python -m benchmarks.serving [--quick]`.

One worker each, sixteen kept connections, rows that vary, every answer checked against the model itself. Picklefleet
records and measures as always; `--guarded` puts it behind its edge proxy with API keys and all limits on, as it is met
in earnest, while the peer stays bare. On a shared machine take the ratios; CPU time is disturbed least.
"""

import argparse
import os
import pickle
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.serving_load import cpu_seconds, load, request_bytes
from tests.prove.front import Front
from tests.prove.machine import ROOT, Machine, free_port

CONNECTIONS = 16
NUMBERS = [f"number_{index}" for index in range(15)]
KINDS = [f"kind_{index}" for index in range(5)]
FINALS: dict[str, Callable[[], Any]] = {
    "logreg": lambda: LogisticRegression(max_iter=300),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=100, random_state=0),
    "forest": lambda: RandomForestClassifier(200, min_samples_leaf=20, n_jobs=1, random_state=0),
}
REQUESTS = {1: 400, 32: 200, 1000: 20}  # in each block, by rows
TIMES = {1: 25, 32: 10, 1000: 3}
PEER = ("fastapi", "uvicorn[standard]", "orjson")


@dataclass(frozen=True)
class Server:
    name: str
    port: int
    path: str
    pids: tuple[int, ...]
    shares: Callable[[Any], list[Any]]
    times: dict[
        int, int
    ]  # how often a block's requests are asked, by rows: who is quick is asked as long as the slow
    key: str = ""


@dataclass(frozen=True)
class Effort:
    """How many requests of how many rows in a block, and how many blocks are counted."""

    requests: dict[int, int]
    blocks: int
    worker: str
    guarded: bool


@dataclass(frozen=True)
class Asked:
    """Requests of so many rows each, and what the model itself answers to them."""

    pipeline: Pipeline
    table: pd.DataFrame
    rows: int
    count: int

    def block(self, number: int) -> tuple[list[bytes], list[Any]]:
        frames = [varied(self.table, self.rows, number * self.count + one) for one in range(self.count)]
        bodies = [orjson.dumps({"instances": json_rows(frame)}) for frame in frames]
        return bodies, [self.pipeline.predict_proba(frame) for frame in frames]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--quick", action="store_true", help="a few requests of each kind, for trying it out"
    )
    options.add_argument("--blocks", type=int, default=3)
    options.add_argument("--model", choices=list(FINALS), action="append", help="only this one")
    options.add_argument("--guarded", action="store_true", help="behind the edge proxy, with keys and limits")
    options.add_argument("--worker", choices=["events", "threads"], default="events")
    asked = options.parse_args()
    requests = dict.fromkeys(REQUESTS, 4) if asked.quick else REQUESTS
    plan = Effort(requests, 1 if asked.quick else asked.blocks, asked.worker, asked.guarded)
    table = flights(4000)
    with tempfile.TemporaryDirectory(prefix="serving-") as name:
        folder = Path(name)
        peer = peer_environment(folder / "peer")
        print(
            f"{'model':9s} {'rows':>5s}  {'service':12s} {'req/s':>8s} {'p50 ms':>8s} {'p99 ms':>8s} {'CPU ms/req':>10s}"
        )
        for final in asked.model or list(FINALS)[: 1 if asked.quick else None]:
            measure(final, table, folder / final, peer, plan)


def measure(final: str, table: pd.DataFrame, folder: Path, peer: Path, plan: "Effort") -> None:
    folder.mkdir()
    pipeline = fitted(final, table)
    (folder / "model.pkl").write_bytes(pickle.dumps(pipeline))
    table.drop(columns="late").head(200).to_csv(folder / "sample.csv", index=False)
    with ExitStack() as stack:
        own = guarded if plan.guarded else ours
        servers = [stack.enter_context(own(folder, plan.worker)), stack.enter_context(by_hand(folder, peer))]
        for rows, count in plan.requests.items():
            blocks = interleaved(servers, Asked(pipeline, table, rows, count), plan.blocks)
            report(final, rows, blocks)


def interleaved(
    servers: list[Server], asked: "Asked", blocks: int
) -> dict[str, list[tuple[float, float, float, float]]]:
    """Requests a second, median, p99 and CPU milliseconds a request: by service, one of each for a block."""
    figures: dict[str, list[tuple[float, float, float, float]]] = {server.name: [] for server in servers}
    for block in range(-1, blocks):
        bodies, expected = asked.block(block)
        for server in servers if block % 2 else reversed(servers):
            times = server.times.get(asked.rows, 1)
            before = cpu_seconds(server.pids)
            found = load(
                server.port,
                [request_bytes(server.path, body, server.key) for body in bodies] * times,
                CONNECTIONS,
            )
            used = cpu_seconds(server.pids) - before
            for number, body in found.bodies.items():
                shares = server.shares(orjson.loads(body))
                np.testing.assert_allclose(shares, expected[number % asked.count], rtol=1e-9, atol=1e-12)
            if block >= 0:
                cuts, count = statistics.quantiles(found.seconds, n=100), asked.count * times
                figures[server.name].append(
                    (count / found.wall_s, cuts[49] * 1e3, cuts[98] * 1e3, used / count * 1e3)
                )
    return figures


def report(final: str, rows: int, figures: dict[str, list[tuple[float, float, float, float]]]) -> None:
    middle = {
        name: [statistics.median(part) for part in zip(*blocks, strict=True)]
        for name, blocks in figures.items()
    }
    for name, (rate, p50, p99, cpu) in middle.items():
        print(f"{final:9s} {rows:5d}  {name:12s} {rate:8.1f} {p50:8.2f} {p99:8.2f} {cpu:10.3f}")
    own, other = middle.values()
    print(
        f"{'':16s} {own[0] / other[0]:.1f} times the requests, p99 1/{other[2] / own[2]:.1f}, CPU 1/{other[3] / max(own[3], 1e-9):.1f}"
    )


@contextmanager
def ours(folder: Path, worker: str) -> Iterator[Server]:
    own = {"STORE": str(folder / "store"), "KEYS_DIR": str(folder / "keys"), "WORKERS": "1", "SEAL_AGE_S": "60",
           "SEAL_BYTES": "16 MiB", "WORKER": worker}  # fmt: skip
    machine = Machine(folder / "machine", {f"PICKLEFLEET_{name}": text for name, text in own.items()})
    machine.run("trust", "init")
    machine.run("register", folder / "model.pkl", "--name", "served", "--sample", folder / "sample.csv")
    machine.run("approve", "v1")
    machine.run("promote", "v1")
    machine.run("agent", "--once")
    machine.start_web()
    try:
        yield Server(
            "picklefleet", machine.port, "/api/v1/predict", tuple(machine.workers()), our_shares, TIMES
        )
    finally:
        machine.stop()


@contextmanager
def guarded(folder: Path, worker: str) -> Iterator[Server]:
    """The CPU time is that of the web process and of the edge proxy together."""

    def model(_: Path) -> list[Any]:
        return [folder / "model.pkl", "--sample", folder / "sample.csv"]

    front = Front(write=model, WORKER=worker, SEAL_AGE_S="60").start()
    try:
        pids = [pid for name in ("blue", "proxy") for pid in children(front.processes[name].pid)]
        yield Server("picklefleet", front.port, "/api/v1/predict", tuple(pids), our_shares, TIMES, front.key)
    finally:
        front.end()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def by_hand(folder: Path, peer: Path) -> Iterator[Server]:
    port = free_port()
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = os.environ | threads | {"MODEL": str(folder / "model.pkl")}  # noqa: TID251 - a child's own
    command = [peer / "bin" / "uvicorn", "fastapi_by_hand:app", "--port", str(port), "--log-level", "warning"]
    place = ROOT / "benchmarks" / "peers"
    process = subprocess.Popen([*map(str, command)], cwd=place, env=environment)  # noqa: S603 - as pip installed it
    try:
        wait_until_ready(port)
        yield Server(
            "fastapi", port, "/predict", (process.pid,), lambda document: document["probabilities"], {}
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_until_ready(port: int) -> None:
    """Raises URLError where the peer does not answer within a minute."""
    ends = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def peer_environment(folder: Path) -> Path:
    """The peer's libraries beside the very model libraries that are served here."""
    print("Installing the peer …", file=sys.stderr)
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    runtime = str(ROOT / "runtimes" / "sklearn-1.9.txt")
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", runtime], check=True)  # noqa: S603
    subprocess.run([*pip, *PEER], check=True)  # noqa: S603
    return folder


def our_shares(document: Any) -> list[list[float]]:
    return [list(row["probabilities"].values()) for row in document["predictions"]]


def fitted(final: str, table: pd.DataFrame) -> Pipeline:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    kinds = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    prepare = ColumnTransformer([("numbers", numbers, NUMBERS), ("kinds", kinds, KINDS)])
    return make_pipeline(prepare, FINALS[final]()).fit(table.drop(columns="late"), table["late"])


def flights(rows: int) -> pd.DataFrame:
    draw = np.random.default_rng(7)
    table = pd.DataFrame(draw.normal(size=(rows, len(NUMBERS))), columns=NUMBERS)
    table = table.mask(draw.random(table.shape) < 0.05)
    for index, name in enumerate(KINDS):
        table[name] = pd.Series(
            draw.choice([f"{letter}{index}" for letter in "abcdefgh"], rows), dtype=object
        )
    score = table["number_0"].fillna(0) + (table["kind_0"] < "c") + draw.normal(size=rows) / 2
    return table.assign(late=np.where(score > 0.3, "late", "on time"))


def varied(table: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed + 1_000_000)
    frame = table.drop(columns="late").iloc[draw.integers(0, len(table), rows)].reset_index(drop=True)
    frame[NUMBERS] += draw.normal(size=(rows, len(NUMBERS))) / 10
    return frame


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


if __name__ == "__main__":
    main()
