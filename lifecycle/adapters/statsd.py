"""Metrics by StatsD's protocol over UDP. Never waits, never fails; without a server the numbers are dropped.

What a gauge says while the server's name is still being resolved is told once it is: many are set once and stay.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from statsd import StatsClient

from lifecycle.metrics import PREFIX, Metrics, NullMetrics, bucket, series
from lifecycle.settings import Settings
from lifecycle.traces import Drawn

RETRY_S = 60.0

_gathered: ContextVar[dict[str, int] | None] = ContextVar("gathered", default=None)


def open_metrics(settings: Settings) -> Metrics:
    """The sink that the settings name; nothing is resolved or opened before the first measurement."""
    if not settings.statsd_host:
        return NullMetrics()
    return StatsdMetrics(settings.statsd_host, settings.statsd_port)


def open_traces(settings: Settings, metrics: Metrics) -> Drawn | None:
    """None where no trace is drawn."""
    if not settings.trace_share or not isinstance(metrics, StatsdMetrics):
        return None
    return Drawn(settings.trace_share, metrics.send_line)


class StatsdMetrics:
    def __init__(self, host: str, port: int, *, retry_s: float = RETRY_S) -> None:
        self._address = (host, port)
        self._retry_s = retry_s
        self._connections: dict[int, _Connection] = {}

    def increment(self, name: str, amount: int = 1, /, **tags: str) -> None:
        self._count(series("counter", name, **tags), amount)

    def gauge(self, name: str, value: float, /, **tags: str) -> None:
        self._connection().gauge(series("gauge", name, **tags), value)

    def observe(self, name: str, value: float, /, **tags: str) -> None:
        self._count(f"{series('histogram', name, **tags)}.{bucket(name, value)}", 1)

    @contextmanager
    def together(self) -> Iterator[None]:
        """A turn of many requests has few series: each is one line, and few packets hold them all."""
        counts: dict[str, int] = {}
        before = _gathered.set(counts)
        try:
            yield
        finally:
            _gathered.reset(before)
            if counts and (client := self._client()):
                with client.pipeline() as lines:
                    for path, amount in counts.items():
                        lines.incr(path, amount)

    def send_line(self, line: str) -> None:
        """Beside the metrics, to whoever takes them for this machine."""
        if client := self._client():
            client._send(line)  # noqa: SLF001 - no method for what is no metric; it swallows a socket's errors

    def _count(self, path: str, amount: int) -> None:
        gathered = _gathered.get()
        if gathered is not None:
            gathered[path] = gathered.get(path, 0) + amount
        elif client := self._client():
            client.incr(path, amount)

    def _client(self) -> StatsClient | None:
        return self._connection().client

    def _connection(self) -> "_Connection":
        """By process: threads don't survive a fork. `setdefault` lets one thread alone start the connection."""
        pid = os.getpid()
        connection = self._connections.get(pid)
        if connection is None:
            fresh = _Connection(self._address, self._retry_s)
            connection = self._connections.setdefault(pid, fresh)
            if connection is fresh:
                threading.Thread(target=fresh.resolve, name="statsd-resolver", daemon=True).start()
        return connection


class _Connection:
    """Resolving a name may take many seconds or fail: that happens aside, again and again until it works."""

    def __init__(self, address: tuple[str, int], retry_s: float) -> None:
        self.client: StatsClient | None = None
        self._address = address
        self._retry_s = retry_s
        self._held: dict[str, float] = {}  # one value a series, however long the server stays unknown

    def gauge(self, path: str, value: float) -> None:
        if self.client is None:
            self._held[path] = value
        if self.client is not None:  # looked at once more: it may have come between
            self._held.pop(path, None)
            self.client.gauge(path, value)

    def resolve(self) -> None:
        pause = threading.Event()
        while self.client is None:
            for ipv6 in (False, True):
                with suppress(OSError, UnicodeError):
                    self.client = _open(*self._address, ipv6=ipv6)
                    self._tell_held(self.client)
                    return
            pause.wait(self._retry_s)

    def _tell_held(self, client: StatsClient) -> None:
        while self._held:
            with suppress(KeyError):  # told by its own thread meanwhile
                client.gauge(*self._held.popitem())


def _open(host: str, port: int, *, ipv6: bool) -> StatsClient:
    client = StatsClient(host, port, prefix=PREFIX, ipv6=ipv6)
    client._sock.setblocking(False)  # noqa: SLF001 - no option for it, and a full buffer must not hold a request
    return client
