"""HTTP over a Unix socket: how the agent speaks to this machine's own processes."""

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class UnixServer:
    """`timeout_s` is for each step of a request."""

    path: Path
    timeout_s: float

    def get(self, target: str) -> tuple[int, bytes]:
        """Status and body. Raises OSError where nobody answers in time, and http.client.HTTPException."""
        return self._ask("GET", target, None, {})

    def post(self, target: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """As `get`."""
        return self._ask("POST", target, body, headers)

    def _ask(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        connection = _UnixConnection(self.path, self.timeout_s)
        try:
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
