"""The metrics of this machine's containers, which have no route out: taken from them here, and sent on."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from agent.repeating import repeat
from lifecycle.logs import get_logger
from lifecycle.metrics import PREFIX
from lifecycle.traces import without_traces

LOOK_EVERY_S = 0.5
PAUSE_S = 2.0
MAX_PAUSE_S = 60.0
RESOLVE_EVERY = 10_000  # packets after which the server's name is resolved anew
_LARGEST = 1 << 16
_OURS = f"{PREFIX}.".encode()

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MetricsRelay:
    """Both are UDP addresses. Whatever can't be sent is dropped, as everywhere with StatsD. `also` gets each packet too,
    and alone where there is no server.
    """

    listen: tuple[str, int]
    server: tuple[str, int] | None
    also: Callable[[bytes], None] | None = None

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. The address may come late, with the network of the containers: it is tried again."""
        repeat(lambda: self._carry(stop), PAUSE_S, stop, max_pause_s=MAX_PAUSE_S)

    def _carry(self, stop: threading.Event) -> bool:
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
                taken.settimeout(LOOK_EVERY_S)
                taken.bind(self.listen)
                log.info("metrics_relayed", server=self.server[0] if self.server else None)
                while not stop.is_set():
                    if self.server is None:
                        self._take(taken)
                    else:
                        self._send_on(taken, self.server, stop)
        except OSError as problem:
            log.warning("metrics_not_relayed", problem=str(problem))
            return False
        return True

    def _send_on(self, taken: socket.socket, server: tuple[str, int], stop: threading.Event) -> None:
        """Through one socket for a while. Raises OSError where the server's name can't be resolved."""
        family, kind, _, _, address = socket.getaddrinfo(*server, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as sent:
            sent.setblocking(False)
            for _ in range(RESOLVE_EVERY):
                if stop.is_set():
                    return
                packet = without_traces(self._take(taken))
                with suppress(OSError):
                    if packet:
                        sent.sendto(packet, address)

    def _take(self, taken: socket.socket) -> bytes:
        """Nothing where nothing came in time."""
        try:
            packet = _only_ours(taken.recv(_LARGEST))
        except TimeoutError:
            return b""
        if self.also is not None:
            self.also(packet)
        return packet


def _only_ours(packet: bytes) -> bytes:
    """A container that was taken over writes no series of others."""
    return b"\n".join(line for line in packet.splitlines() if line.startswith(_OURS))
