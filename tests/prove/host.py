"""A host that carries both colours: edge proxy, agent, and each colour's web processes; and a layer-4 balancer."""

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
from tests.prove.machine import ROOT, free_port

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

    def run(self, *arguments, check=True):
        return picklefleet(*arguments, environment=self.environment, check=check)

    def start_proxy(self):
        self._start("proxy", [HAPROXY, "-W", "-db", "-f", str(self.folder / "haproxy.cfg")])

    def start_agent(self):
        self._start("agent", [sys.executable, "-m", "picklefleet", "agent"])

    def start_wanted(self, colour, application="webapp.wsgi:app", **more):
        """What a host's service manager does: run what the agent wrote down for the colour."""
        wanted = self.folder / "machine" / "releases" / f"{colour}.json"
        until(wanted.exists)
        until(lambda: msgspec.json.decode(wanted.read_bytes()).get("run"))
        release = msgspec.json.decode(wanted.read_bytes())["id"]
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
