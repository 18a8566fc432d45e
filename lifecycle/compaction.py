"""The worker's housekeeping of the log: many small segments of an hour become one, old hours and deleted subjects go.

Call it under a claim: two at once do no harm, but double work. At any moment a reader finds each row exactly once.
"""
# ruff: noqa: S608 - names in these statements are this file's own, or go through `quoted`

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from lifecycle import clock
from lifecycle.drop_counts import HOUR_MS
from lifecycle.duck import connect, text
from lifecycle.errors import AlreadyExistsError
from lifecycle.hour_files import parquet
from lifecycle.object_store import ObjectStore
from lifecycle.record_schema import Kind
from lifecycle.segment_cache import SegmentCache
from lifecycle.segment_index import (
    CompactedSegment,
    HourIndex,
    HourListing,
    by_hour,
    compacted_key,
    index_key,
    known_hours,
    listings,
    segment_name,
)
from lifecycle.segments import copy_to_parquet, hour_folder, order_of

KEEP_REPLACED = timedelta(days=1)
KINDS: tuple[Kind, ...] = ("prediction", "feedback")


@dataclass(frozen=True, slots=True)
class Deletions:
    """Rows of these units, and the feedback on these predictions, are left out wherever an hour is written anew."""

    units: frozenset[str] = frozenset()
    prediction_bases: frozenset[str] = frozenset()

    def condition(self, kind: Kind) -> str:
        if kind == "prediction":
            return f"coalesce(unit_id, '') NOT IN ({_texts(self.units)})" if self.units else "true"
        bases = self.prediction_bases
        return f"split_part(prediction_id, '-', 1) NOT IN ({_texts(bases)})" if bases else "true"


@dataclass(frozen=True, slots=True)
class Compactor:
    records: ObjectStore
    cache: SegmentCache
    deletions: Deletions = field(default_factory=Deletions)

    def compact(self, listing: HourListing, *, anyway: bool = False) -> bool:
        """One hour; False when there was nothing to do or another compactor was first."""
        if not listing.keys or (not listing.raw and not anyway):
            return False
        with self.cache.scratch() as scratch, connect(scratch) as connection:
            path = scratch / f"{secrets.token_hex(8)}.parquet"
            try:
                return self._write(connection, listing, path)
            finally:
                path.unlink(missing_ok=True)

    def _write(self, connection: duckdb.DuckDBPyConnection, listing: HourListing, path: Path) -> bool:
        source = parquet(self.cache.fetch(listing.keys))
        kept = f"SELECT * FROM {source} WHERE {self.deletions.condition(listing.kind)}"
        copy_to_parquet(connection, kept, order_of(listing.kind), path)
        row = connection.execute(
            f"SELECT count(*), min(prediction_id), max(prediction_id) FROM {parquet([path])}"
        ).fetchone()
        rows, first, last = row or (0, None, None)
        number = listing.index.number + 1
        key = compacted_key(listing.kind, listing.hour, f"{number:06d}-{secrets.token_hex(8)}")
        segments = (CompactedSegment(key, rows, first, last),) if rows else ()
        if rows:
            self.records.create_from_file(key, path)
        absorbed = (*listing.index.absorbed, *map(segment_name, listing.raw))
        return self._commit(listing, HourIndex(number, segments, absorbed), key)

    def _commit(self, listing: HourListing, index: HourIndex, key: str) -> bool:
        try:
            self.records.create(index_key(listing.kind, listing.hour, index.number), index.to_bytes())
        except AlreadyExistsError:
            self.records.delete(key)
            return False
        return True


def compact_hours(compactor: Compactor, hours: range) -> int:
    """Compact what has raw segments, both kinds; how many hours were written."""
    found = [one for kind in KINDS for one in listings(compactor.records, kind, hours)]
    return sum(compactor.compact(listing) for listing in found)


def sweep(records: ObjectStore, hours: range, *, keep: timedelta = KEEP_REPLACED) -> int:
    """Delete what the newest index replaced, once that index is older than `keep`: nobody reads it any more."""
    deleted = 0
    for kind in KINDS:
        for listing in listings(records, kind, hours):
            if listing.index.number and _age(records, listing) >= keep:
                deleted += _delete_all(records, [*listing.obsolete, *_replaced(records, listing)])
    return deleted


def expire(records: ObjectStore, before: datetime) -> int:
    """Retention: delete the hours that ended by that moment. Their index goes last, or replaced rows came back."""
    limit = int(before.timestamp() * 1000) // HOUR_MS
    roots = [f"{root}kind={kind}" for root in ("", "compacted/", "index/") for kind in (*KINDS, "drops")]
    deleted = 0
    for root in roots:
        for hour, keys in by_hour(records.list(root)).items():
            deleted += _delete_all(records, keys) if hour < limit else 0
    return deleted


def delete_units(records: ObjectStore, cache: SegmentCache, units: Iterable[str], hours: range) -> int:
    """Remove all rows of these units and the feedback on them, at once; how many predictions (requests) went.

    `units` as they stand in the log: hashed where the policy hashes them. Readers in the middle of a replaced
    segment have to start again. Hours that are still in spools come later: call again after they are shipped.
    """
    wanted = frozenset(units)
    affected = listings(records, "prediction", hours)
    bases = frozenset(base for listing in affected for base in _bases(cache, listing, wanted))
    if not bases:
        return 0
    compactor = Compactor(records, cache, Deletions(wanted, bases))
    feedback = listings(records, "feedback", known_hours(records, "feedback", hours.start))
    for listing in [*affected, *feedback]:
        compactor.compact(listing, anyway=True)
        sweep(records, range(listing.hour, listing.hour + 1), keep=timedelta(0))
    return len(bases)


def _age(records: ObjectStore, listing: HourListing) -> timedelta:
    return clock.now() - records.last_modified(index_key(listing.kind, listing.hour, listing.index.number))


def _replaced(records: ObjectStore, listing: HourListing) -> list[str]:
    """Compacted segments that no index will ever list: of this number or an earlier one, and not in this index."""
    listed = {segment.key for segment in listing.index.segments}
    keys = records.list(f"compacted/{hour_folder(listing.kind, listing.hour)}")
    return [
        key
        for key in keys
        if key not in listed and int(segment_name(key).split("-")[0]) <= listing.index.number
    ]


def _delete_all(records: ObjectStore, keys: Iterable[str]) -> int:
    deleted = 0
    for key in keys:
        records.delete(key)
        deleted += 1
    return deleted


def _bases(cache: SegmentCache, listing: HourListing, units: frozenset[str]) -> list[str]:
    """The ids, without row numbers, of the requests that these units made in the hour."""
    if not listing.keys:
        return []
    source = parquet(cache.fetch(listing.keys))
    query = (
        f"SELECT DISTINCT split_part(prediction_id, '-', 1) FROM {source} WHERE unit_id IN ({_texts(units)})"
    )
    with cache.scratch() as scratch, connect(scratch) as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


def _texts(values: Iterable[str]) -> str:
    return ", ".join(map(text, sorted(values))) or "NULL"
