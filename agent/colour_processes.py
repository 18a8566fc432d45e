"""What the processes of a colour shall be, written for the host's own service manager; and what they are."""

import http.client
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from agent.unix_http import UnixServer
from lifecycle import heartbeats
from lifecycle.atomic_file import write_atomically
from lifecycle.releases.release import Colour, Release

ASK_S = 2.0


@dataclass(frozen=True, slots=True)
class ColourSeen:
    """`release` is what the processes say they are; "" where nobody answers."""

    release: str = ""
    ready: bool = False
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ColourProcesses:
    """`wanted` holds `<colour>.json` for a root service to act upon: the agent itself starts nothing and needs no right
    to. `edge` holds each colour's folder with its socket and its processes' heartbeats.
    """

    wanted: Path
    edge: Path

    def want(self, colour: Colour, release: Release | None) -> None:
        """The release to be run, or none; the file changes only when that does."""
        path = self.wanted / f"{colour}.json"
        document = {"run": False} if release is None else {"run": True, "id": release.id, **asdict(release)}
        data = msgspec.json.encode(document, order="sorted")
        with suppress(OSError):
            if path.read_bytes() == data:
                return
        write_atomically(path, data)

    def look(self, colour: Colour) -> ColourSeen:
        """By the processes' own answer: a colour that is overloaded may not answer in time, its heartbeat tells."""
        folder = self.edge / colour
        memory = heartbeats.memory_bytes(folder)
        try:
            status, body = UnixServer(folder / "web.sock", ASK_S).get("/readyz")
            document = msgspec.json.decode(body, type=dict[str, object])
        except (OSError, http.client.HTTPException, msgspec.MsgspecError):
            return ColourSeen(memory_bytes=memory)
        return ColourSeen(str(document.get("release", "")), status == http.client.OK, memory)
