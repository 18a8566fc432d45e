"""What may differ between the edge proxies of two machines; everything else stands in the template."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from agent.edge_proxy.timeouts import BALANCER_IDLE_S, Timeouts
from lifecycle.errors import SettingsError
from lifecycle.key_limit import KeyLimit
from lifecycle.settings import Settings

COLOURS = ("blue", "green")
BUFFER_BYTES = 64 << 10  # of a request: a body that fits is whole before a web process sees any of it
HEADERS_BYTES = 16 << 10

_LARGE_BODIES_SHARE = 4  # every fourth place in a web service is for bodies that don't fit the buffer


@dataclass(frozen=True, slots=True)
class Listener:
    """`address` in HAProxy's notation, such as `127.0.0.1:8080`. With a certificate (a PEM file or a folder of
    them) it speaks TLS. `balancers` are the addresses whose PROXY header is believed, and nobody else gets in.
    """

    address: str
    certificate: str = ""
    balancers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddressLimits:
    """What one client address may have on one machine."""

    connections: int = 256
    requests_in_10_s: int = 20_000


@dataclass(frozen=True, slots=True)
class Edge:
    """`folder` holds the runtime socket, the state file, and each colour's socket in a folder of its name.

    `places` is how many requests one colour's web processes are given at once.
    """

    listeners: Sequence[Listener]
    probe: str
    folder: PurePosixPath
    places: int
    max_body_bytes: int
    timeouts: Timeouts
    limits: AddressLimits = field(default_factory=AddressLimits)
    key_limit: KeyLimit | None = None
    tells_key_limit: bool = True
    connections: int = 2_000
    waiting: int = 512
    threads: int = 1
    user: str = ""
    group: str = ""

    @classmethod
    def of(
        cls, settings: Settings, listeners: Sequence[Listener], probe: str, folder: PurePosixPath
    ) -> "Edge":
        """Raises SettingsError where the times of the settings don't fit into one another."""
        edge = cls(
            listeners,
            probe,
            folder,
            settings.at_work,
            settings.max_body_bytes,
            Timeouts(-int(-settings.request_deadline_s // 1)),
            AddressLimits(settings.address_connections, settings.address_requests),
            KeyLimit.of(settings),
            settings.rate_limit_headers == "on",
            settings.edge_connections,
            settings.edge_waiting,
            settings.edge_threads,
        )
        times = edge.timeouts
        if times.client_s >= BALANCER_IDLE_S or settings.keepalive_s <= times.keep_alive_s:
            raise SettingsError(
                "The times of the web service don't fit the edge proxy's:",
                fix=f"REQUEST_DEADLINE_S must be below {BALANCER_IDLE_S - 5}, where a balancer forgets the connection, "
                f"and KEEPALIVE_S above {times.keep_alive_s}, the proxy's own.",
            )
        return edge

    @property
    def large_places(self) -> int:
        return max(1, self.places // _LARGE_BODIES_SHARE)

    @property
    def small_places(self) -> int:
        return max(1, self.places - self.large_places)

    @property
    def runtime_socket(self) -> PurePosixPath:
        return self.folder / RUNTIME_SOCKET

    @property
    def state_file(self) -> PurePosixPath:
        return self.folder / STATE_FILE


RUNTIME_SOCKET = "admin.sock"
STATE_FILE = "servers.state"


def smoke_socket(folder: PurePosixPath, colour: str) -> PurePosixPath:
    """Where the agent asks a colour its golden rows, through the edge proxy."""
    return folder / f"smoke-{colour}.sock"


def web_socket(folder: PurePosixPath, colour: str) -> PurePosixPath:
    """Where the web service of a colour listens: its setting BIND is `unix:` and this."""
    return folder / colour / "web.sock"
