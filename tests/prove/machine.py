"""One machine of a fleet with real processes: the web service and the agent as two units, and a client's ledger."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.commands import picklefleet

ROOT = Path(__file__).parents[2]
READY_S = 300  # a big model on a machine that is shared


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Machine:
    """`environment` names store and keys; `start_web` and `start_agent` may be called again after a kill."""

    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    application: str = "webapp.wsgi:app"
    agent_module: str = "agent"
    web: subprocess.Popen | None = None
    agent: subprocess.Popen | None = None

    def __post_init__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        own = {
            "MACHINE_DIR": str(self.folder / "machine"), "PORT": str(self.port), "WORKERS": "2",
            "SEAL_AGE_S": "0.2", "SEAL_BYTES": "64 KiB", "AGENT_POLL_S": "1",
        }  # fmt: skip
        self.environment = (
            os.environ | {f"PICKLEFLEET_{name}": text for name, text in own.items()} | self.environment
        )

    def run(self, *arguments):
        """A command of the product, with this machine's settings."""
        return picklefleet(*arguments, environment=self.environment).stdout

    def start_web(self):
        config = ROOT / "webapp" / "gunicorn.conf.py"
        self.web = self._start("web", "gunicorn", "--config", str(config), self.application)
        begun = time.monotonic()
        while time.monotonic() - begun < READY_S and self.web.poll() is None:
            with (
                suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer,
            ):
                if answer.status == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"Not ready:\n{self.log('web')}")

    def start_agent(self):
        self.agent = self._start("agent", self.agent_module)

    def workers(self):
        """The pids of the web processes, without their master."""
        children = Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def stop(self):
        """The web service first, then the agent, which brings the last records home."""
        for process in (self.web, self.agent):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def _start(self, name, *module):
        with (self.folder / f"{name}.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *module], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )


def register(machine, model):
    """Keys, and one version that is champion."""
    machine.run("trust", "init")
    machine.run("register", model, "--name", "small")
    machine.run("approve", "v1")
    machine.run("promote", "v1")


class Clients:
    """Threads that predict without a pause and write down what was acknowledged: the ledger.

    It knows nothing of files, frames or the code under test. `doubtful` counts rows of requests that got no
    answer: they may be recorded or not. `refused` are answers other than 200.
    """

    def __init__(self, port, rows, *, threads=2, seed=0, pause_s=0.0):
        self.acknowledged, self.doubtful, self.refused, self.slowest_s = [], 0, [], 0.0
        self._port, self._rows, self._pause_s = port, rows, pause_s
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(f"{seed}-{number}"),))  # noqa: S311 - a test's choice
            for number in range(threads)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self, chance):
        connection = None
        while not self._stop.is_set():
            rows = chance.choices(self._rows, k=chance.randint(1, 3))
            begun = time.monotonic()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
                self._ask(connection, rows)
            except (OSError, http.client.HTTPException):
                connection.close()
                connection = None
                with self._lock:
                    self.doubtful += len(rows)
                time.sleep(0.02)
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
            time.sleep(self._pause_s)
        if connection is not None:
            connection.close()

    def _ask(self, connection, rows):
        body = json.dumps({"instances": rows})
        connection.request("POST", "/api/v1/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        document = json.loads(answer.read())
        with self._lock:
            if answer.status == 200:
                self.acknowledged += [row["prediction_id"] for row in document["predictions"]]
            else:
                self.refused.append((answer.status, document))
