"""The counts of this machine's web processes, added and written to the store: the one thing that a gate reads."""

import re
import secrets
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agent.edge_counting import EdgeCounting
from agent.repeating import repeat
from lifecycle import clock
from lifecycle.atomic_file import write_atomically
from lifecycle.errors import CorruptBundleError, PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.machine import MachineDirectory
from lifecycle.measurements.document import (
    MINUTES_AN_HOUR,
    ByMinute,
    Measurements,
    by_hour,
    from_bytes,
    merged,
)
from lifecycle.measurements.fleet import forget_before, open_gates, publish
from lifecycle.measurements.measuring import KEPT_MINUTES, SUFFIX
from lifecycle.object_store import ObjectStore

OPEN_EVERY_S = 10.0
ELSE_EVERY_S = 60.0
KEPT_HOURS = 14 * 24
_HOUR_MS = 3_600_000
_DEAD_AFTER_S = 7200

log = get_logger(__name__)


@dataclass(slots=True)
class MeasuringRounds:
    """`edge` counts what only this machine's edge proxy saw, where it has one."""

    control: ObjectStore
    machine: MachineDirectory
    edge: EdgeCounting | None = None
    _written: dict[str, tuple[int, ByMinute]] = field(default_factory=dict)
    _last: float | None = None

    def run(self, stop: threading.Event) -> None:
        repeat(self._try_once, OPEN_EVERY_S, stop, max_pause_s=ELSE_EVERY_S)
        self._try_once()

    def once(self) -> None:
        """Every colour's hour, and early in it the hour before. Raises StoreUnavailableError."""
        now_ms = clock.unix_ms()
        name = machine_name(self.machine)
        for colour in _colours(self.machine):
            hours = by_hour(merged(_counts(self.machine.measurements / colour, now_ms)))
            for hour in _whole_hours(now_ms):
                self._publish(colour, name, hour, hours.get(hour, {}))
            forget_before(self.control, colour, name, now_ms // _HOUR_MS - KEPT_HOURS)

    def due(self) -> bool:
        """Whether a gate is open, or a minute has gone by."""
        return (
            self._last is None
            or clock.monotonic() - self._last >= ELSE_EVERY_S - 1
            or bool(open_gates(self.control))
        )

    def _publish(self, colour: str, name: str, hour: int, minutes: ByMinute) -> None:
        """An hour that has ended is written again only where it changed; the current one tells that we live."""
        ended = hour < clock.unix_ms() // _HOUR_MS
        if ended and (not minutes or self._written.get(colour) == (hour, minutes)):
            return
        publish(self.control, colour, name, hour, Measurements(minutes=minutes, written_ms=clock.unix_ms()))
        self._written[colour] = (hour, minutes)

    def _try_once(self) -> bool:
        try:
            if self.edge is not None:
                self.edge.count()
            if self.due():
                self.once()
                self._last = clock.monotonic()
        except PicklefleetError as problem:
            log.warning("measurements_not_told", problem=str(problem), kind=type(problem).__name__)
            return False
        return True


def machine_name(machine: MachineDirectory) -> str:
    """Of this very folder: two machines with one host name, or a machine made anew, are others."""
    path = machine.root / "machine-name"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:40]
        write_atomically(path, f"{host}-{secrets.token_hex(4)}".encode("ascii"))
        return path.read_text(encoding="ascii")


def _colours(machine: MachineDirectory) -> list[str]:
    folder = machine.measurements
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _whole_hours(now_ms: int) -> list[int]:
    """Those of which every process still has all minutes: an hour must never be replaced by a part of it."""
    hour, minute = divmod(now_ms // 60_000, MINUTES_AN_HOUR)
    return [hour - 1, hour] if minute + MINUTES_AN_HOUR < KEPT_MINUTES else [hour]


def _counts(folder: Path, now_ms: int) -> Iterator[ByMinute]:
    """Of the living and of those who died lately; files of the long dead are taken away."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            if now_ms / 1000 - path.stat().st_mtime > _DEAD_AFTER_S:
                path.unlink()
            else:
                yield from_bytes(path.read_bytes(), path.name).minutes
        except (OSError, CorruptBundleError) as problem:
            log.warning("measurements_not_read", file=path.name, kind=type(problem).__name__)
