"""What this machine's edge proxy shall do, kept over its restarts, and what it does."""

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agent.edge_proxy.configuration import COLOURS, RUNTIME_SOCKET, STATE_FILE
from agent.edge_proxy.runtime_socket import EdgeRefusedError, RuntimeSocket
from agent.edge_proxy.server_state import LANES, Intent, commands, intent_of, state_file, woken
from lifecycle.atomic_file import write_atomically

_LOCK = ".lock"
_LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class EdgeState:
    """What HAProxy does now. `listening` are the colours whose web service can be reached; `sessions` counts open
    connections at the edge, idle ones too; `working` and `waiting` count requests with a colour, and without one yet.
    """

    intent: Intent
    listening: frozenset[str]
    sessions: int
    working: Mapping[str, int]
    waiting: int


@dataclass(frozen=True, slots=True)
class EdgeProxy:
    """`folder` is the one that the configuration names: HAProxy's socket and the state file lie in it."""

    folder: Path

    @property
    def runtime(self) -> RuntimeSocket:
        return RuntimeSocket(self.folder / RUNTIME_SOCKET)

    def kept(self) -> Intent | None:
        """What HAProxy comes up with when it starts; None where nothing was ever kept."""
        try:
            return intent_of((self.folder / STATE_FILE).read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        except ValueError as problem:
            raise EdgeRefusedError(
                f"{self.folder / STATE_FILE} can't be read: {problem}", fix="Delete it."
            ) from problem

    @property
    def leaving(self) -> str:
        """Why this machine takes no clients whatever the release journal says; empty where nothing keeps it from it."""
        try:
            return (self.folder / _LEAVING).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def leave(self, why: str) -> None:
        """Kept first, so that nobody admits it again meanwhile. Raises EdgeUnreachableError as `change` does."""
        write_atomically(self.folder / _LEAVING, why.encode())
        self.change(lambda intent: replace(intent, admitted=False))

    def stay(self) -> None:
        """From now on the release journal says again whether it has clients."""
        (self.folder / _LEAVING).unlink(missing_ok=True)

    def keep_first(self, intent: Intent) -> bool:
        """Keep it where nothing was kept so far; whether it was so."""
        with self._alone():
            if self.kept() is not None:
                return False
            self._keep(intent)
            return True

    def change(self, step: Callable[[Intent], Intent]) -> Intent:
        """The one way to change anything. The state file comes first: whatever dies when, HAProxy does what was
        wanted last, or will from its next start on.

        Raises EdgeUnreachableError while HAProxy does not run; the intent is kept all the same.
        """
        with self._alone():
            before = self.kept() or self.look().intent
            wanted = step(before)
            if wanted != self.kept():
                self._keep(wanted)
            self.runtime.tell(commands(wanted))
            self.runtime.tell(woken(wanted, self._places()))
            return wanted

    def look(self) -> EdgeState:
        """Raises EdgeUnreachableError, and EdgeRefusedError for a HAProxy that has another configuration."""
        rows = {(row["pxname"], row["svname"]): row for row in self.runtime.statistics()}
        try:
            return _state(rows)
        except KeyError as missing:
            raise EdgeRefusedError(
                f"The edge proxy has no {missing}: it has another configuration."
            ) from None

    def probed_by(self) -> frozenset[str]:
        """The addresses that asked for readiness within half a minute, IPv4 ones as they are written."""
        rows = self.runtime.ask("show table probe").splitlines()
        keys = (word.removeprefix("key=") for row in rows for word in row.split() if word.startswith("key="))
        return frozenset(key.removeprefix("::ffff:") for key in keys)

    def _places(self) -> Mapping[tuple[str, str], int]:
        rows = ((row["pxname"], row["svname"], row["slim"]) for row in self.runtime.statistics())
        return {
            (lane, colour): int(slim) for lane, colour, slim in rows if lane in LANES and colour in COLOURS
        }

    def _keep(self, intent: Intent) -> None:
        write_atomically(self.folder / STATE_FILE, state_file(intent).encode())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The agent and a person's command may both want to change something."""
        with (self.folder / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _state(rows: Mapping[tuple[str, str], Mapping[str, str]]) -> EdgeState:
    def enabled(backend: str, server: str) -> bool:
        return not rows[backend, server]["status"].startswith("MAINT")

    intent = Intent(
        enabled("admit", "me"),
        {colour: int(rows["predict", colour]["uweight"]) for colour in COLOURS},
        enabled("sound", "me"),
        frozenset(colour for colour in COLOURS if enabled("live", colour)),
    )
    return EdgeState(
        intent,
        frozenset(colour for colour in COLOURS if rows["live", colour]["status"].startswith("UP")),
        int(rows["edge", "FRONTEND"]["scur"]),
        {colour: sum(int(rows[lane, colour]["scur"]) for lane in LANES) for colour in COLOURS},
        sum(int(rows[lane, "BACKEND"]["qcur"]) for lane in LANES),
    )
