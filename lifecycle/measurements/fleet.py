"""The measurements of all machines in the store: `measurements/<colour>/<machine>/<hour>/<number>.json`, in `control`.

A document covers one hour of one machine and replaces those with lower numbers: only the newest is read.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from lifecycle.errors import AlreadyExistsError, NotFoundError, StoreUnavailableError
from lifecycle.measurements.cell import Cell, Source
from lifecycle.measurements.document import MINUTES_AN_HOUR, ByMinute, Measurements, from_bytes, merged
from lifecycle.object_store import ObjectStore

FOLDER = "measurements"
GATES = "gates"
_MAX_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Fleet:
    """`colours`: what each counted. `newest_ms`: when a machine last wrote, 0 when none did."""

    colours: dict[str, ByMinute]
    newest_ms: int = 0

    def everywhere(self) -> ByMinute:
        return merged(self.colours.values())

    @property
    def newest_minute(self) -> int | None:
        return self.newest_ms // 60_000 if self.newest_ms else None


@dataclass(slots=True)
class FleetReader:
    """Documents never change, so each is fetched once."""

    control: ObjectStore
    _held: dict[str, Measurements] = field(default_factory=dict)

    def read(self, since: int) -> Fleet:
        """What was counted from the minute `since` on, and a little before it.

        Raises StoreUnavailableError, also where machines always write faster than this can read.
        """
        for _ in range(_MAX_ATTEMPTS):
            keys = newest_keys(self.control.list(FOLDER), since // MINUTES_AN_HOUR)
            try:
                documents = {key: self._document(key) for key in keys}
            except NotFoundError:
                continue  # its successor has come meanwhile
            self._held = documents
            return _fleet(documents)
        raise StoreUnavailableError("Measurements change faster than they can be read.", fix="Try again.")

    def _document(self, key: str) -> Measurements:
        return self._held.get(key) or from_bytes(self.control.get(key), key)


def publish(control: ObjectStore, colour: str, machine: str, hour: int, document: Measurements) -> None:
    """The next number of that hour; the one before stays for those who are reading it just now."""
    prefix = f"{FOLDER}/{colour}/{machine}/{hour:07d}"
    numbers = sorted(int(key.rsplit("/", 1)[1].removesuffix(".json")) for key in control.list(prefix))
    number = numbers[-1] + 1 if numbers else 1
    with suppress(
        AlreadyExistsError
    ):  # somebody with this machine's name: the next round finds another number
        control.create(f"{prefix}/{number:06d}.json", document.to_bytes())
    for old in numbers[:-1]:
        control.delete(f"{prefix}/{old:06d}.json")


def forget_before(control: ObjectStore, colour: str, machine: str, hour: int) -> None:
    for key in control.list(f"{FOLDER}/{colour}/{machine}"):
        if int(key.split("/")[3]) < hour:
            control.delete(key)


def newest_keys(keys: list[str], since_hour: int) -> list[str]:
    """Of each machine and hour the last one."""
    newest = {key.rsplit("/", 1)[0]: key for key in sorted(keys) if int(key.split("/")[3]) >= since_hour}
    return list(newest.values())


def of_population(minutes: ByMinute, chosen: Callable[[Cell], bool]) -> dict[int, Cell]:
    """By minute the sum of the cells that are chosen; minutes without any are left out."""
    found: dict[int, Cell] = {}
    for minute, cells in minutes.items():
        for cell in filter(chosen, cells):
            found.setdefault(minute, Cell(version=cell.version)).add(cell)
    return found


def of_version(minutes: ByMinute, version: str, source: Source) -> dict[int, Cell]:
    return of_population(minutes, lambda cell: cell.version == version and cell.source == source)


def open_gate(control: ObjectStore, name: str) -> None:
    """While any gate is open machines write their measurements every ten seconds, else every minute."""
    with suppress(AlreadyExistsError):
        control.create(f"{GATES}/{name}.json", b"{}")


def close_gate(control: ObjectStore, name: str) -> None:
    control.delete(f"{GATES}/{name}.json")


def open_gates(control: ObjectStore) -> list[str]:
    """Their names."""
    return [key.removeprefix(f"{GATES}/").removesuffix(".json") for key in control.list(GATES)]


def minute_of(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def _fleet(documents: dict[str, Measurements]) -> Fleet:
    colours: dict[str, list[ByMinute]] = {}
    for key, document in documents.items():
        colours.setdefault(key.split("/")[1], []).append(document.minutes)
    newest = max((document.written_ms for document in documents.values()), default=0)
    return Fleet({colour: merged(parts) for colour, parts in colours.items()}, newest)
