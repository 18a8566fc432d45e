"""How the web processes of a machine tell its agent that they live and what they have prepared: files, no signals.

Each process holds a lock for as long as it lives, so that the kernel itself says who is dead, in containers too.
"""

import fcntl
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import msgspec

from lifecycle.atomic_file import write_atomically

_LOCK, _SAID = ".lock", ".json"


@dataclass(frozen=True, slots=True)
class WebProcess:
    """What a process says of itself. `serving` and `prepared` are ids of a Serving; `refused` is one with `reason`.

    `inherited` are the digests of the models whose memory it shares with its siblings, the children of `parent`;
    `age` orders them by birth.
    """

    pid: int
    parent: str = ""
    age: int = 0
    serving: str = ""
    prepared: str = ""
    refused: str = ""
    reason: str = ""
    inherited: tuple[str, ...] = ()


@dataclass(slots=True)
class Presence:
    """Held by one web process from `enter` to its end, however that comes."""

    folder: Path
    said: WebProcess
    _name: str = field(default_factory=lambda: f"{os.getpid()}-{secrets.token_hex(4)}")
    _lock: IO[bytes] | None = None

    @classmethod
    def enter(cls, folder: Path, said: WebProcess) -> "Presence":
        """Where the folder can't be written nobody waits for this process; it lives all the same."""
        entered = cls(folder, said)
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            entered._write(said)
            fresh = folder / f".{entered._name}"
            entered._lock = fresh.open("wb")
            fresh.chmod(0o644)  # whatever the umask: the agent may have a user of its own
            fcntl.flock(entered._lock, fcntl.LOCK_EX)
            fresh.rename(folder / f"{entered._name}{_LOCK}")  # locked before anybody can look
        return entered

    def say(self, **changes: Any) -> None:
        """Raises OSError; it is not said then."""
        said = replace(self.said, **changes)
        if said != self.said:
            self._write(said)
            self.said = said

    def leave(self) -> None:
        """Before the process ends by itself: it is not waited for any more."""
        _remove(self.folder, self._name)
        if self._lock is not None:
            self._lock.close()

    def _write(self, said: WebProcess) -> None:
        write_atomically(self.folder / f"{self._name}{_SAID}", msgspec.json.encode(asdict(said)))


def living(folder: Path) -> list[WebProcess]:
    """Those who live, oldest first; what the dead left behind is removed."""
    found = []
    for lock in folder.glob(f"*{_LOCK}"):
        if _is_dead(lock):
            _remove(folder, lock.name.removesuffix(_LOCK))
            continue
        with suppress(OSError, msgspec.MsgspecError):  # it left between the two looks
            found.append(msgspec.json.decode(lock.with_suffix(_SAID).read_bytes(), type=WebProcess))
    return sorted(found, key=lambda process: process.age)


def _is_dead(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(folder: Path, name: str) -> None:
    for ending in (_LOCK, _SAID):
        with suppress(OSError):
            (folder / f"{name}{ending}").unlink()
