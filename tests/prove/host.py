"""A host that carries both colours: edge proxy, agent, and each colour's web processes; and a layer-4 balancer."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from tests.commands import picklefleet
from tests.edge import HAPROXY, request
from tests.prove.fleet import answers_of
from tests.prove.machine import ROOT, free_port
from tests.prove.small_model import write_model

_BALANCER = """
global
    stats socket {folder}/balancer.sock mode 600 level admin
defaults
    mode tcp
    retries 0
    timeout connect 2s
    timeout client 240s
    timeout server 240s
listen edge
    bind 127.0.0.1:{port}
    option httpchk GET /readyz
    default-server check inter 1s fall 2 rise 1
{servers}
"""


class Host:
    """Its folder's name is short: it stands in socket addresses. `environment` names store and keys."""

    def __init__(self, folder, environment):
        self.folder, self.port, self.probe = Path(folder), free_port(), free_port()
        self.edge = self.folder / "e"
        own = {
            "MACHINE_DIR": str(self.folder / "machine"), "EDGE_DIR": str(self.edge), "WORKERS": "1",
            "AGENT_POLL_S": "1", "SEAL_AGE_S": "5", "API_KEYS": "off",
        }  # fmt: skip
        self.environment = (
            os.environ | environment | {f"PICKLEFLEET_{name}": text for name, text in own.items()}
        )
        self.processes = {}

    def start(self):
        self.edge.mkdir(parents=True, exist_ok=True)
        self.run(
            "edge", "render", "--out", str(self.folder), "--listen", f"127.0.0.1:{self.port}",
            "--probe", f"127.0.0.1:{self.probe}",
        )  # fmt: skip
        self.run("agent", "--once")
        self.start_proxy()
        self.start_agent()

    def run(self, *arguments, **more):
        return picklefleet(*arguments, environment=self.environment, **more)

    def start_proxy(self):
        self._start("proxy", [HAPROXY, "-W", "-db", "-f", str(self.folder / "haproxy.cfg")])

    def start_agent(self):
        self._start("agent", [sys.executable, "-m", "picklefleet", "agent"])

    def wanted(self, colour):
        """What the agent wrote down for the colour."""
        path = self.folder / "machine" / "releases" / f"{colour}.json"
        return msgspec.json.decode(path.read_bytes()) if path.exists() else {}

    def start_wanted(self, colour, application="webapp.wsgi:app", **more):
        """What a host's service manager does: run what is wanted of the colour."""
        until(lambda: self.wanted(colour).get("run"))
        release = self.wanted(colour)["id"]
        (self.edge / colour).mkdir(exist_ok=True)
        config = ROOT / "webapp" / "gunicorn.conf.py"
        own = {
            "BIND": f"unix:{self.edge / colour / 'web.sock'}",
            "COLOUR": colour,
            "RELEASE": release,
            "API_KEYS": "off",
        }
        self._start(
            colour, [sys.executable, "-m", "gunicorn", "--config", str(config), application],
            **{f"PICKLEFLEET_{name}": text for name, text in own.items()}, **more,
        )  # fmt: skip

    def signal(self, name, how):
        process = self.processes[name]
        process.send_signal(how)
        if how in {signal.SIGTERM, signal.SIGKILL}:
            process.wait(60)

    def ready(self):
        with suppress(OSError):
            return request(self.probe, "GET", "/readyz")[0] == 200
        return False

    def end(self):
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()

    def _start(self, name, command, **more):
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment | more, stdout=log, stderr=log
            )


def two_hosts(folder, **settings):
    """On one store of their own, without anything in it."""
    store = {"STORE": str(folder / "store"), "KEYS_DIR": str(folder / "keys")} | settings
    environment = {f"PICKLEFLEET_{name}": text for name, text in store.items()}
    hosts = [Host(folder / f"h{number}", environment) for number in range(2)]
    for host in hosts:
        host.folder.mkdir(parents=True)
    return hosts


def serve_first(folder, hosts, application="webapp.wsgi:app"):
    """A model, and a first release of it on blue; returns the right answers."""
    first = hosts[0]
    first.run("trust", "init")
    path = write_model(folder / "model")
    first.run("register", path, "--name", "small")
    first.run("approve", "v1")
    first.run("promote", "v1")
    first.run("release", "deploy", described(first, "one"))
    for host in hosts:
        host.start()
        host.start_wanted("blue", application)
    until(lambda: all(host.ready() for host in hosts))
    return answers_of(path)


def described(host, name):
    """The document of a release of that name."""
    path = host.folder / f"{name}.json"
    path.write_text(host.run("release", "describe", name, "--image", f"image-{name}").stdout)
    return path


def weights_of(host):
    """What its edge proxy was told last."""
    return json.loads(host.run("edge", "status", "--json").stdout)["intent"]["weights"]


class Balancer:
    """As Azure's: it knows connections alone, asks each host's probe, and never tries again."""

    def __init__(self, folder, hosts):
        self.folder, self.hosts, self.port = Path(folder), hosts, free_port()
        self.process = None

    def start(self):
        servers = "".join(
            f"    server h{number} 127.0.0.1:{host.port} port {host.probe}\n"
            for number, host in enumerate(self.hosts)
        )
        path = self.folder / "balancer.cfg"
        path.write_text(_BALANCER.format(folder=self.folder, port=self.port, servers=servers))
        with (self.folder / "balancer.log").open("a") as log:
            self.process = subprocess.Popen([HAPROXY, "-W", "-db", "-f", str(path)], stdout=log, stderr=log)

    def reload(self):
        self.process.send_signal(signal.SIGUSR2)

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def end(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)


def until(holds, seconds=300):
    """A machine that is shared may be slow; nothing here takes a minute by itself."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds, "It did not happen in time."
        time.sleep(0.05)
