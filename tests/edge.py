"""A real HAProxy with the rendered configuration, real Gunicorns behind it, in one temporary folder."""

import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import pytest

from agent.edge_proxy.admission import EdgeProxy
from agent.edge_proxy.configuration import AddressLimits, Edge, Listener, web_socket
from agent.edge_proxy.rendering import CONFIGURATION, render
from agent.edge_proxy.server_state import Intent
from agent.edge_proxy.timeouts import Timeouts
from picklefleet.edge_command import answers
from tests.prove.machine import free_port

HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
needs_haproxy = pytest.mark.skipif(
    HAPROXY is None, reason="there is no haproxy on this machine (Debian: apt install haproxy)"
)
UP_S = 20


def wait_until(condition, seconds=UP_S):
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "waited in vain"
        time.sleep(0.02)


@dataclass
class Machine:
    """`edge` may be changed before `start`; the folder's name is kept short, for it stands in socket addresses."""

    folder: Path
    port: int = field(default_factory=free_port)
    probe_port: int = field(default_factory=free_port)
    processes: dict = field(default_factory=dict)
    connections: list = field(default_factory=list)

    def __post_init__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.edge = Edge(
            [Listener(f"127.0.0.1:{self.port}")], f"127.0.0.1:{self.probe_port}", PurePosixPath(self.folder / "e"),
            places=4, max_body_bytes=1 << 20, timeouts=Timeouts(deadline_s=3), limits=AddressLimits(), waiting=64,
        )  # fmt: skip

    def change(self, **changes):
        self.edge = replace(self.edge, **changes)

    @property
    def proxy(self):
        return EdgeProxy(Path(self.edge.folder))

    def write(self, intent=None):
        Path(self.edge.folder).mkdir(exist_ok=True)
        for name, text in render(self.edge, answers(), PurePosixPath(self.folder)).items():
            (self.folder / name).write_text(text)
        self.proxy.keep_first(intent or Intent(admitted=True, weights={"blue": 100}))

    def start(self, *colours, intent=None):
        self.write(intent)
        for colour in colours:
            self.start_web(colour)
        self.start_proxy()

    def start_proxy(self):
        with (self.folder / "haproxy.log").open("a") as log:
            self.processes["haproxy"] = subprocess.Popen(
                [HAPROXY, "-W", "-db", "-f", str(self.folder / CONFIGURATION)], stdout=log, stderr=log
            )
        wait_until(lambda: self.probe("/livez") == 200)

    def start_web(self, colour, *, bind=None):
        path = Path(web_socket(self.edge.folder, colour))
        path.parent.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{colour}.log").open("a") as log:
            self.processes[colour] = subprocess.Popen(
                [
                    sys.executable, "-m", "gunicorn", "--bind", bind or f"unix:{path}", "--worker-class", "gthread",
                    "--threads", "4", "--keep-alive", "75", "--no-control-socket", "tests.upstream_app:app",
                ],
                cwd=Path(__file__).parents[1], env=os.environ | {"COLOUR": colour}, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(lambda: _listens(bind or path))

    def reload(self):
        self.processes["haproxy"].send_signal(signal.SIGUSR2)
        time.sleep(1)

    def restart_proxy(self):
        self.stop("haproxy", signal.SIGKILL)
        self.start_proxy()

    def stop(self, name, how=signal.SIGTERM):
        process = self.processes.pop(name)
        process.send_signal(how)
        process.wait(30)

    def end(self):
        for connection in self.connections:
            connection.close()
        for name in list(self.processes):
            self.stop(name, signal.SIGKILL)  # nothing in a test waits for a good end

    def probe(self, path="/readyz"):
        with suppress(OSError):
            return request(self.probe_port, "GET", path)[0]
        return None

    def connect(self):
        self.connections.append(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20))
        return self.connections[-1]

    def get(self, path="/", **headers):
        return request(self.port, "GET", path, None, headers)

    def post(self, body, path="/"):
        return request(self.port, "POST", path, body)

    def announce(self, length):
        """The headers of a request whose body never comes: what is refused by them is answered at once."""
        connection = self.connect()
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        return answer_of(connection.getresponse())

    def raw(self, data, seconds=20):
        """Whatever comes back on a connection until it is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b""))


def _listens(bind):
    family = socket.AF_UNIX if isinstance(bind, Path) else socket.AF_INET
    with suppress(OSError), socket.socket(family) as connection:
        host, _, port = str(bind).partition(":")
        connection.connect((host, int(port)) if port else host)
        return True
    return False


def was_closed(connection):
    """What any client looks at before it uses a kept connection again."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])


def request(port, method, path, body=None, headers=None, *, host="127.0.0.1"):
    """(status, headers by lower-case name, document) of one request on a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        return answer_of(connection.getresponse())
    finally:
        connection.close()


def answer_of(response):
    data = response.read()
    return (
        response.status,
        {name.lower(): text for name, text in response.getheaders()},
        json.loads(data) if data else None,
    )
