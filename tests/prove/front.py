"""One machine as clients meet it: the shipped edge proxy, real web processes behind it, keys on, and a model."""

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from tests.commands import picklefleet
from tests.edge import HAPROXY, request
from tests.prove.host import until
from tests.prove.machine import ROOT, free_port
from tests.prove.small_model import NAMES, ROWS, write_model

_PREPARED = {}  # the function that writes a model → a folder that such a machine begins with


def write_slow_model(folder, trees=150):
    """Some hundredths of a second of work a request, so that a load beyond it can be made beside it."""
    frame = pd.DataFrame(ROWS, columns=list(NAMES))
    estimator = RandomForestClassifier(trees, max_depth=3, random_state=20130101).fit(
        frame, frame["wind"] > 3
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.pkl"
    path.write_bytes(pickle.dumps(estimator))
    return path


def write_narrow_model(folder):
    """Takes a row of eight bytes: the smallest request with the largest answer."""
    frame = pd.DataFrame({"a": [float(number) for number in range(200)]})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.pkl"
    path.write_bytes(pickle.dumps(LogisticRegression().fit(frame, frame["a"] > 99)))
    return path


class Front:
    """`without_proxy`: clients reach Gunicorn itself. `without_pace`: the edge does not look how fast others get their
    turn. Its folder's name is short: sockets lie in it.
    """

    def __init__(self, *, without_proxy=False, without_pace=False, write=write_model, **settings):
        self.folder = Path(tempfile.mkdtemp(prefix="fr-"))
        self.port, self.probe = free_port(), free_port()
        self.without_proxy, self.without_pace = without_proxy, without_pace
        own = {
            "MACHINE_DIR": str(self.folder / "machine"), "EDGE_DIR": str(self.folder / "e"), "STORE": str(self.folder / "store"),
            "KEYS_DIR": str(self.folder / "keys"), "WORKERS": "1", "API_KEYS": "on", "KEY_RATE": "100000",
            "KEY_BURST": "1000000", "ADDRESS_CONNECTIONS": "50000", "ADDRESS_REQUESTS": "9000000", "EDGE_CONNECTIONS": "4000",
        }  # fmt: skip
        self.environment = os.environ | {
            f"PICKLEFLEET_{name}": text for name, text in (own | settings).items()
        }
        self.processes = {}
        if write in _PREPARED:
            shutil.copytree(_PREPARED[write], self.folder, dirs_exist_ok=True)
        else:
            self._prepare(write)
        self.key = (self.folder / "key").read_text()

    def _prepare(self, write):
        """Once for each model: it takes longer than most of what is then done with it."""
        self.run("trust", "init")
        made = write(self.folder / "model")
        self.run("register", *(made if isinstance(made, list) else [made]), "--name", "small")
        self.run("approve", "v1")
        self.run("promote", "v1")
        scopes = [f"--scope={scope}" for scope in ("predict", "read", "feedback")]
        made = json.loads(self.run("keys", "create", "--owner", "shop", *scopes, "--json"))
        (self.folder / "key").write_text(made["key"])
        self.run("agent", "--once")
        _PREPARED[write] = Path(tempfile.mkdtemp(prefix="made-"))
        shutil.copytree(self.folder, _PREPARED[write], dirs_exist_ok=True)

    def start(self, *colours, application="webapp.wsgi:app"):
        for colour in colours or ("blue",):
            self.start_web(colour, application)
        if not self.without_proxy:
            self.run(
                "edge", "render", "--out", str(self.folder), "--listen", f"127.0.0.1:{self.port}",
                "--probe", f"127.0.0.1:{self.probe}",
            )  # fmt: skip
            if self.without_pace:
                path = self.folder / "haproxy.cfg"
                kept = [
                    line for line in path.read_text().splitlines() if "var(txn.beyond) -m int" not in line
                ]
                path.write_text("\n".join(kept) + "\n")
            self.start_proxy()
        until(lambda: self.ask("/api/v1/models")[0] == 200)
        return self

    def start_proxy(self):
        self._start("proxy", [HAPROXY, "-W", "-db", "-f", str(self.folder / "haproxy.cfg")])

    def start_web(self, colour="blue", application="webapp.wsgi:app"):
        (self.folder / "e" / colour).mkdir(parents=True, exist_ok=True)
        bind = f"127.0.0.1:{self.port}" if self.without_proxy else f"unix:{self.socket(colour)}"
        more = {"PICKLEFLEET_BIND": bind, "PICKLEFLEET_COLOUR": colour}
        config = ROOT / "webapp" / "gunicorn.conf.py"
        self._start(colour, [sys.executable, "-m", "gunicorn", "--config", str(config), application], **more)
        log = self.folder / f"{colour}.log"
        until(lambda: '"worker_ready"' in log.read_text())

    def socket(self, colour):
        return self.folder / "e" / colour / "web.sock"

    def run(self, *arguments):
        return picklefleet(*arguments, environment=self.environment).stdout

    def ask(self, path):
        try:
            return request(self.port, "GET", path, headers={"X-Api-Key": self.key})
        except OSError as problem:
            return None, {}, repr(problem)

    def predict(self, row, rows=1, more=b""):
        """A request as bytes, whose key is a good one."""
        body = json.dumps({"instances": [row] * rows}).encode()
        return self.head(len(body), more) + body

    def head(self, length, more=b""):
        return (
            b"POST /api/v1/predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-Api-Key: %s\r\n"
            b"%sContent-Length: %d\r\n\r\n" % (self.key.encode(), more, length)
        )

    def stop_web(self, colour="blue", how=signal.SIGTERM):
        process = self.processes.pop(colour)
        process.send_signal(how)
        process.wait(120)

    def end(self):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()

    def _start(self, name, command, **more):
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment | more, stdout=log, stderr=log
            )
