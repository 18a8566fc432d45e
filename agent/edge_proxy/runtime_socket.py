"""HAProxy's runtime socket: one command a connection, answered with text."""

import csv
import io
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lifecycle.errors import PicklefleetError

TIMEOUT_S = 5.0


class EdgeUnreachableError(PicklefleetError):
    """The edge proxy does not run, or does not answer."""

    exit_code = 75  # EX_TEMPFAIL


class EdgeRefusedError(PicklefleetError):
    """The edge proxy runs with another configuration than ours."""


@dataclass(frozen=True, slots=True)
class RuntimeSocket:
    path: Path
    timeout_s: float = TIMEOUT_S

    def ask(self, command: str) -> str:
        """Raises EdgeUnreachableError."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(self.timeout_s)
                connection.connect(str(self.path))
                connection.sendall(command.encode() + b"\n")
                return b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()
        except OSError as problem:
            raise EdgeUnreachableError(
                f"The edge proxy does not answer at {self.path} ({type(problem).__name__}).",
                fix="Start HAProxy with the configuration that `picklefleet edge render` wrote.",
            ) from problem

    def tell(self, commands: Sequence[str]) -> None:
        """Commands that answer nothing when they were obeyed. Raises EdgeRefusedError when one was not."""
        for command in commands:
            answer = self.ask(command).strip()
            if answer:
                raise EdgeRefusedError(f"The edge proxy refused {command!r}: {answer}")

    def statistics(self) -> list[Mapping[str, str]]:
        """A row for each frontend, backend and server, by HAProxy's own column names (`pxname`, `svname`, `scur`, …)."""
        return list(csv.DictReader(io.StringIO(self.ask("show stat").removeprefix("# "))))
