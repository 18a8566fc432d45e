"""Real services, started by the real commands, each in an installation of its own."""

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READY_S = 240  # other tests may keep the machine busy


@dataclass
class Installation:
    """A store, a machine and keys in one temporary folder; `run` and `start` use the real console script."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen] = field(default_factory=list)

    def __post_init__(self):
        own = {"STORE": "store", "MACHINE_DIR": "machine", "KEYS_DIR": "keys"}
        self.environment = {
            **os.environ,
            **{f"PICKLEFLEET_{k}": str(self.folder / v) for k, v in own.items()},
        }
        self.environment |= {"PICKLEFLEET_WORKERS": "1", "PICKLEFLEET_AGENT_POLL_S": "0.2"}

    def run(self, *arguments, check=True, timeout=120, **variables):
        return subprocess.run(
            [sys.executable, "-m", "picklefleet", *map(str, arguments)],
            cwd=ROOT,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=check,
        )

    def start(self, *arguments, port=None, patience_s=READY_S, **variables):
        """Start a serving command and wait until it is ready; returns a client for it."""
        port = port or free_port()
        log = self.folder / f"log-{len(self.processes)}.txt"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "picklefleet", *map(str, arguments), "--port", str(port)],
                cwd=ROOT,
                env=self.environment | variables,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        service = Service(f"http://127.0.0.1:{port}", process, log)
        service.wait_until_ready(patience_s)
        return service

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass
class Service:
    base: str
    process: subprocess.Popen
    log: Path

    def wait_until_ready(self, patience_s=READY_S):
        begun = time.monotonic()
        while time.monotonic() - begun < patience_s:
            if self.process.poll() is not None:
                raise AssertionError(f"It ended with {self.process.returncode}:\n{self.log.read_text()}")
            if self.status("/readyz") == 200:
                return
            time.sleep(0.05)
        raise AssertionError(f"Not ready after {patience_s} s:\n{self.log.read_text()}")

    def status(self, path):
        try:
            return self.get(path)[0]
        except OSError:
            return None

    def get(self, path):
        return self._send(urllib.request.Request(self.base + path))

    def predict(self, instances, **more):
        return self.post("/api/v1/predict", {"instances": instances, **more})

    def post(self, path, document, headers=()):
        """As JSON; returns the status and the answer."""
        headers = {"Content-Type": "application/json", **dict(headers)}
        return self._send(urllib.request.Request(self.base + path, json.dumps(document).encode(), headers))

    def stop(self):
        """Ask it to stop as Ctrl-C does; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def _send(self, request):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, decoded(answer)
        except urllib.error.HTTPError as problem:
            return problem.code, decoded(problem)


def decoded(answer):
    data = answer.read()
    return json.loads(data) if "json" in answer.headers.get("Content-Type", "") else data.decode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def installation(tmp_path):
    made = Installation(tmp_path)
    yield made
    made.end()


@pytest.fixture
def hand_over(tmp_path):
    """Write a model as a data-science team does; returns the path."""

    def write(model, name="model.pkl"):
        path = tmp_path / name
        path.write_bytes(pickle.dumps(model))
        return path

    return write


def pytest_addoption(parser):
    parser.addoption("--cases", type=int, default=300, help="How many requests schemathesis generates.")
