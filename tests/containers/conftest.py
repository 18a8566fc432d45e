"""The ring in containers, started once by `make up` itself, on ports and under a project name of its own."""

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.edge import request
from tests.prove.machine import free_port

ROOT = Path(__file__).parents[2]
PROJECT = f"picklefleet-test-{os.getpid()}"


@dataclass
class Ring:
    port: int = field(default_factory=free_port)
    probe_port: int = field(default_factory=free_port)
    mail_port: int = field(default_factory=free_port)
    graphite_port: int = field(default_factory=free_port)

    @property
    def environment(self):
        ports = {
            "PROBE_PORT": str(self.probe_port),
            "MAIL_PORT": str(self.mail_port),
            "GRAPHITE_PORT": str(self.graphite_port),
        }
        return os.environ | ports | {"COMPOSE_PROJECT_NAME": PROJECT, "COMPOSE_PROFILES": "worker,metrics"}

    def make(self, target, **variables):
        given = [f"{name}={text}" for name, text in variables.items()]
        done = subprocess.run(
            ["make", "--no-print-directory", target, f"PORT={self.port}", *given],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr + self.logs()
        return done.stdout

    def compose(self, *arguments, check=True):
        return subprocess.run(
            ["docker", "compose", *arguments],
            cwd=ROOT, env=self.environment | {"PORT": str(self.port)}, capture_output=True, text=True, timeout=120,
            check=check,
        )  # fmt: skip

    def inside(self, service, *command, check=True):
        return self.compose("exec", "-T", service, *command, check=check)

    def python(self, service, code):
        """The exit code of a line of Python in a service's container."""
        return self.inside(service, "python", "-c", code, check=False).returncode

    def edge(self, *arguments):
        return self.inside("agent", "picklefleet", "edge", *arguments).stdout

    def inspect(self, service):
        return json.loads(docker("inspect", f"{PROJECT}-{service}-1"))[0]

    def logs(self):
        return self.compose("logs", "--tail", "20", check=False).stdout

    def example(self):
        document = request(self.port, "GET", "/api/v1/openapi.json")[2]
        operation = document["paths"]["/api/v1/predict"]["post"]
        return operation["requestBody"]["content"]["application/json"]["example"]

    def predict(self, body):
        headers = {"Content-Type": "application/json"}
        return request(self.port, "POST", "/api/v1/predict", json.dumps(body), headers)

    def probe(self, path="/readyz"):
        return request(self.probe_port, "GET", path)[0]

    def left(self):
        """What Docker still has of this project."""
        label = f"label=com.docker.compose.project={PROJECT}"
        commands = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
        return "".join(docker(*command, "--quiet", "--filter", label) for command in commands).split()


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def missing():
    if shutil.which("docker") is None:
        return "there is no docker here"
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"`{' '.join(command)}` fails: {done.stderr.strip().splitlines()[-1:]}"
    return ""


@pytest.fixture(scope="session")
def ring():
    if reason := missing():
        pytest.skip(reason)
    made = Ring()
    try:
        made.make("up")
        yield made
    finally:
        made.make("down")
    assert made.left() == []


def wait_until(condition, seconds=60):
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "waited in vain"
        time.sleep(0.5)
