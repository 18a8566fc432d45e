"""What only the edge proxy saw of a colour: requests that no process of it answered, added to what it counts itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.edge_proxy.configuration import COLOURS
from agent.edge_proxy.runtime_socket import EdgeUnreachableError
from agent.edge_proxy.server_state import LANES
from lifecycle import clock
from lifecycle.atomic_file import write_atomically
from lifecycle.errors import CorruptBundleError
from lifecycle.measurements.cell import Cell
from lifecycle.measurements.document import ByMinute, Measurements, from_bytes
from lifecycle.measurements.measuring import KEPT_MINUTES, SUFFIX

# not connected at last, cut off before an answer, and given to the other colour because this one took no connection
UNANSWERED = ("econ", "eresp", "wredis")

Row = Mapping[str, str]


@dataclass(slots=True)
class EdgeCounting:
    """`folder` is the machine's for measurements; its file there is one more beside those of the processes."""

    statistics: Callable[[], list[Row]]
    folder: Path
    _seen: dict[str, int] | None = field(default=None, init=False)

    def count(self) -> None:
        """What came since the last call belongs to this minute. An edge proxy that does not answer counts nothing."""
        try:
            seen = unanswered(self.statistics())
        except EdgeUnreachableError:
            return
        before, self._seen = self._seen, seen
        if before is None:  # an agent that starts does not know when those were
            return
        for colour, total in seen.items():
            earlier = before.get(colour, 0)
            self._add(colour, total - earlier if total >= earlier else total)  # fewer: it was restarted

    def _add(self, colour: str, failed: int) -> None:
        if not failed:
            return
        now_ms = clock.unix_ms()
        path = self.folder / colour / f"edge{SUFFIX}"
        minutes = _kept(path, now_ms // 60_000 - KEPT_MINUTES)
        minutes.setdefault(now_ms // 60_000, [Cell(source="edge")])[0].failed += failed
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, Measurements(minutes=minutes, written_ms=now_ms).to_bytes())


def unanswered(rows: Iterable[Row]) -> dict[str, int]:
    """By colour, since the edge proxy started."""
    found = dict.fromkeys(COLOURS, 0)
    for row in rows:
        if row["pxname"] in LANES and row["svname"] in found:
            found[row["svname"]] += sum(int(row[name] or 0) for name in UNANSWERED)
    return found


def _kept(path: Path, since: int) -> ByMinute:
    try:
        minutes = from_bytes(path.read_bytes(), path.name).minutes
    except (OSError, CorruptBundleError):
        return {}
    return {minute: cells for minute, cells in minutes.items() if minute >= since}
