"""Which segments hold an hour: the newest index, and what came after it. Each row is in exactly one of them.

Raw segments lie under `kind=…/date=…/hour=…/`. Compacted ones lie under `compacted/` and count only where the
newest `index/…/NNNNNN.json` lists them: what a dying compactor left there is nobody's. An index also names the raw
segments that it absorbed, for ever: a machine that comes back after weeks and ships one again adds nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.drop_counts import HOUR_MS
from lifecycle.prediction_log.record_schema import Kind
from lifecycle.prediction_log.segments import hour_folder
from lifecycle.window import Window

FORMAT = 1


@dataclass(frozen=True, slots=True)
class CompactedSegment:
    """`first_id` and `last_id` bound the prediction ids in it: a label join skips what can't match."""

    key: str
    rows: int
    first_id: str
    last_id: str


@dataclass(frozen=True, slots=True)
class HourIndex:
    """`absorbed` are names of raw segments, without their folder."""

    number: int = 0
    segments: tuple[CompactedSegment, ...] = ()
    absorbed: tuple[str, ...] = ()
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(asdict(self))


@dataclass(frozen=True, slots=True)
class HourListing:
    """What the store holds of one hour. `raw` are the keys that no index has absorbed yet."""

    kind: Kind
    hour: int
    index: HourIndex
    raw: tuple[str, ...]
    obsolete: tuple[str, ...]  # absorbed raw segments and older indexes: nobody reads them

    @property
    def keys(self) -> tuple[str, ...]:
        """Exactly the segments to read."""
        return (*(segment.key for segment in self.index.segments), *self.raw)


def hours_of(window: Window) -> range:
    """The Unix hours that the window touches."""
    first = int(window.start.timestamp() * 1000) // HOUR_MS
    last = -(-int(window.end.timestamp() * 1000) // HOUR_MS)
    return range(first, last)


def listings(records: ObjectStore, kind: Kind, hours: range) -> list[HourListing]:
    """The hours in `hours` that hold anything, in order: two lists a day, one read a compacted hour."""
    return [
        listing for day in _days(hours) for listing in _of_day(records, kind, day) if listing.hour in hours
    ]


def known_hours(records: ObjectStore, kind: Kind, since: int) -> range:
    """From hour `since` to the newest that has a segment; feedback comes long after its prediction."""
    newest = max((hour for hour in by_hour(records.list(f"kind={kind}"))), default=since)
    compacted = max((hour for hour in by_hour(records.list(f"index/kind={kind}"))), default=since)
    return range(since, max(newest, compacted) + 1)


def held_hours(records: ObjectStore) -> range:
    """From the first hour to the last that holds anything of either kind; empty where nothing does."""
    roots = [f"{root}kind={kind}" for root in ("", "index/") for kind in ("prediction", "feedback")]
    hours = [hour for root in roots for hour in by_hour(records.list(root))]
    return range(min(hours), max(hours) + 1) if hours else range(0)


def index_key(kind: Kind, hour: int, number: int) -> str:
    return f"index/{hour_folder(kind, hour)}/{number:06d}.json"


def compacted_key(kind: Kind, hour: int, name: str) -> str:
    return f"compacted/{hour_folder(kind, hour)}/{name}.parquet"


def segment_name(key: str) -> str:
    return key.rsplit("/", 1)[1].removesuffix(".parquet")


def _of_day(records: ObjectStore, kind: Kind, day: str) -> Iterator[HourListing]:
    """Raw segments are listed before the indexes: what is absorbed in between is then in an index that is seen."""
    raw = by_hour(records.list(f"kind={kind}/date={day}"))
    indexes = by_hour(records.list(f"index/kind={kind}/date={day}"))
    for hour in sorted(raw.keys() | indexes.keys()):
        yield _listing(records, kind, hour, raw.get(hour, []), indexes.get(hour, []))


def _listing(records: ObjectStore, kind: Kind, hour: int, raw: list[str], indexes: list[str]) -> HourListing:
    index = msgspec.json.decode(records.get(max(indexes)), type=HourIndex) if indexes else HourIndex()
    absorbed = frozenset(index.absorbed)
    fresh = tuple(key for key in raw if segment_name(key) not in absorbed)
    obsolete = (*(key for key in raw if segment_name(key) in absorbed), *sorted(indexes)[:-1])
    return HourListing(kind, hour, index, fresh, obsolete)


def _days(hours: range) -> list[str]:
    first = datetime.fromtimestamp(hours.start * HOUR_MS / 1000, UTC).date()
    last = datetime.fromtimestamp((max(hours.stop - 1, hours.start)) * HOUR_MS / 1000, UTC).date()
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def by_hour(keys: Iterable[str]) -> dict[int, list[str]]:
    """Keys in a folder `…/date=…/hour=…` by their Unix hour."""
    found: dict[int, list[str]] = {}
    for key in keys:
        day, hour = (part.partition("=")[2] for part in key.split("/")[-3:-1])
        moment = datetime.fromisoformat(f"{day}T{hour}:00+00:00")
        found.setdefault(int(moment.timestamp()) // 3600, []).append(key)
    return found
