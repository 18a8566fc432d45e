"""That a process lives and can do its work: a file of its own, touched again and again.

Nothing is asked of the process itself, so that an overload can't be mistaken for death.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lifecycle import clock
from lifecycle.memory import resident_bytes
from lifecycle.settings import Settings

EVERY_S = 1.0
FRESH_S = 15.0  # more than a request may take, for a process that answers in the loop that beats

_NAME = "heartbeat-"


def folder_of(bind: str, otherwise: str = "") -> Path | None:
    """Beside the Unix socket of the setting BIND, else the folder of the setting HEARTBEAT_DIR, where there is one."""
    path = bind.removeprefix("unix:")
    if path != bind and "," not in bind:
        return Path(path).parent
    return Path(otherwise) if otherwise else None


@dataclass(slots=True)
class Heartbeat:
    """One process's own. It never raises: a full disk must not end a service."""

    path: Path
    _beaten: float = 0.0

    @classmethod
    def of(cls, settings: Settings, name: str) -> "Heartbeat | None":
        folder = folder_of(settings.bind, settings.heartbeat_dir)
        return None if folder is None else cls(folder / f"{_NAME}{name}")

    def beat(self) -> None:
        now = clock.monotonic()
        if now - self._beaten >= EVERY_S:
            self._beaten = now
            with suppress(OSError):
                fresh_file = self.path.with_name(f".{self.path.name}")
                fresh_file.write_text(f"{now:.3f} {resident_bytes()}", encoding="ascii")
                fresh_file.replace(self.path)  # a reader finds the old beat or the new one, never half of it

    def end(self) -> None:
        with suppress(OSError):
            self.path.unlink()


def keep_beating(settings: Settings, name: str, alive: Callable[[], bool], stop: threading.Event) -> None:
    """In a thread of its own until `stop`, while `alive` says so; where nobody looks for a heartbeat, nothing."""
    heartbeat = Heartbeat.of(settings, name)
    if heartbeat is None:
        return

    def beat() -> None:
        while not stop.is_set():
            if alive():
                heartbeat.beat()
            stop.wait(EVERY_S / 2)
        heartbeat.end()

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()


def fresh(folder: Path) -> int:
    """How many processes have shown a heartbeat of late, by the clock of the machine, which they share."""
    now = clock.monotonic()
    return sum(1 for path in folder.glob(f"{_NAME}*") if 0 <= now - _time_of(path) <= FRESH_S)


def memory_bytes(folder: Path) -> int:
    """Of the processes that show a fresh one, together; each tells its own, for a container hides it from others."""
    now = clock.monotonic()
    shown = map(_read, folder.glob(f"{_NAME}*"))
    return sum(size for time, size in shown if 0 <= now - time <= FRESH_S)


def _time_of(path: Path) -> float:
    return _read(path)[0]


def _read(path: Path) -> tuple[float, int]:
    try:
        time, _, size = path.read_text(encoding="ascii").partition(" ")
        return float(time), int(size or 0)
    except (OSError, ValueError):
        return float("-inf"), 0
