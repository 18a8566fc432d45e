"""That a web process lives and can answer: a file of its own beside its socket, touched again and again.

Nothing is asked of the process itself, so that an overload can't be mistaken for death.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lifecycle import clock

EVERY_S = 1.0
FRESH_S = 15.0  # more than a request may take, for a process that answers in the loop that beats

_NAME = "heartbeat-"


def folder_of(bind: str) -> Path | None:
    """Beside the Unix socket of the setting BIND; a service on a port shows no heartbeat."""
    path = bind.removeprefix("unix:")
    return Path(path).parent if path != bind and "," not in bind else None


@dataclass(slots=True)
class Heartbeat:
    """One process's own. It never raises: a full disk must not end a service."""

    path: Path
    _beaten: float = 0.0

    @classmethod
    def of(cls, bind: str, worker: str) -> "Heartbeat | None":
        folder = folder_of(bind)
        return None if folder is None else cls(folder / f"{_NAME}{worker}")

    def beat(self) -> None:
        now = clock.monotonic()
        if now - self._beaten >= EVERY_S:
            self._beaten = now
            with suppress(OSError):
                fresh_file = self.path.with_name(f".{self.path.name}")
                fresh_file.write_text(f"{now:.3f}", encoding="ascii")
                fresh_file.replace(self.path)  # a reader finds the old beat or the new one, never half of it

    def end(self) -> None:
        with suppress(OSError):
            self.path.unlink()


def fresh(folder: Path) -> int:
    """How many processes have shown a heartbeat of late, by the clock of the machine, which they share."""
    now = clock.monotonic()
    return sum(1 for path in folder.glob(f"{_NAME}*") if 0 <= now - _time_of(path) <= FRESH_S)


def _time_of(path: Path) -> float:
    try:
        return float(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return float("-inf")
