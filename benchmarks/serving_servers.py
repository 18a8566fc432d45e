"""Who serves: Picklefleet, bare or behind its edge proxy, and FastAPI by hand in an environment of its own."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.serving_models import in_rows
from tests.prove.front import Front
from tests.prove.machine import ROOT, Machine, free_port

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
    write: Callable[[pd.DataFrame], bytes] = in_rows


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
    begun = time.monotonic()
    machine.start_web()
    print(f"{'':16s} picklefleet: {time.monotonic() - begun:.2f} s from start to ready")
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
