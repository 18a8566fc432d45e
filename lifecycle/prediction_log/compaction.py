"""Many small segments of an hour become one, and old hours go. At any moment a reader finds each row exactly once.

lifecycle/prediction_log/housekeeping.py calls it under a claim: two at once do no harm, but double work.
"""
# ruff: noqa: S608 - names in these statements are this file's own, or go through `quoted`

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from lifecycle import clock
from lifecycle.errors import AlreadyExistsError, StoreUnavailableError
from lifecycle.object_store import ObjectStore
from lifecycle.prediction_log.deletions import (
    Deletion,
    any_matches,
    deletions_since,
    expire_deletions,
    record_deletion,
)
from lifecycle.prediction_log.drop_counts import HOUR_MS
from lifecycle.prediction_log.duck import connect
from lifecycle.prediction_log.erasure import Forgotten, found_in, holds_any
from lifecycle.prediction_log.hour_files import parquet
from lifecycle.prediction_log.record_schema import Kind
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.segment_index import (
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
from lifecycle.prediction_log.segments import copy_to_parquet, hour_folder, order_of

KEEP_REPLACED = timedelta(days=1)
Still = Callable[[], None]

KINDS: tuple[Kind, ...] = ("prediction", "feedback")


@dataclass(frozen=True, slots=True)
class Compactor:
    """Wherever an hour is written anew, deleted subjects and what is `forgotten` are left out."""

    records: ObjectStore
    cache: SegmentCache
    forgotten: Forgotten = field(default_factory=Forgotten)

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
        kept = f"SELECT * FROM {source} WHERE NOT ({self._left_out(listing)})"
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

    def _left_out(self, listing: HourListing) -> str:
        if listing.kind == "feedback":
            return self.forgotten.matches()
        return any_matches(deletions_since(self.records, listing.hour * HOUR_MS))

    def _commit(self, listing: HourListing, index: HourIndex, key: str) -> bool:
        try:
            self.records.create(index_key(listing.kind, listing.hour, index.number), index.to_bytes())
        except AlreadyExistsError:
            self.records.delete(key)
            return False
        return True


def compact_hours(compactor: Compactor, hours: range, *, still: Still = lambda: None) -> int:
    """Compact what has raw segments, both kinds; how many hours were written.

    `still` is asked before each hour, and may raise.
    """
    written = 0
    for listing in [one for kind in KINDS for one in listings(compactor.records, kind, hours)]:
        still()
        written += compactor.compact(listing)
    return written


def sweep(records: ObjectStore, hours: range, *, keep: timedelta = KEEP_REPLACED) -> int:
    """Delete what the newest index replaced, once that index is older than `keep`: nobody reads it any more."""
    deleted = 0
    for kind in KINDS:
        for listing in listings(records, kind, hours):
            if listing.index.number and _age(records, listing) >= keep:
                deleted += _delete_all(records, [*listing.obsolete, *_replaced(records, listing)])
    return deleted


def expire(records: ObjectStore, before: datetime, *, still: Still = lambda: None) -> int:
    """Retention: delete the hours that ended by that moment. Their index goes last, or replaced rows came back.

    `still` is asked before each hour, and may raise.
    """
    before_ms = int(before.timestamp() * 1000)
    roots = [f"{root}kind={kind}" for root in ("", "compacted/", "index/") for kind in (*KINDS, "drops")]
    deleted = 0
    for root in roots:
        for hour, keys in by_hour(records.list(root)).items():
            if hour < before_ms // HOUR_MS:
                still()
                deleted += _delete_all(records, keys)
    return deleted + expire_deletions(records, before_ms)


def delete_units(
    records: ObjectStore,
    cache: SegmentCache,
    units: Iterable[str],
    hours: range,
    *,
    still: Still = lambda: None,
) -> int:
    """Remove all rows of these units and the feedback on them, at once; how many predictions (requests) went.

    `units` as they stand in the log: hashed where the policy hashes them. Rows that are still in spools are left
    out by readers when they come, and go with the next `erase_late`. Readers in the middle of a replaced segment
    have to start again. Killed half-way, run it again. `still` is asked before each hour, and may raise.
    """
    wanted = frozenset(units)
    if not wanted:
        return 0
    deletion = record_deletion(records, wanted)
    return _erase(records, cache, listings(records, "prediction", hours), (deletion,), still)


def erase_late(
    records: ObjectStore, cache: SegmentCache, hours: range, *, still: Still = lambda: None
) -> int:
    """What was shipped after its subject was deleted: the same for it; how many predictions went."""
    deletions = deletions_since(records, hours.start * HOUR_MS)
    if not deletions:
        return 0
    late = [listing for listing in listings(records, "prediction", hours) if listing.raw]
    return _erase(records, cache, late, deletions, still)


def _erase(
    records: ObjectStore,
    cache: SegmentCache,
    searched: Sequence[HourListing],
    deletions: Sequence[Deletion],
    still: Still,
) -> int:
    """Predictions go last: as long as they are there, a second run knows which feedback is theirs."""
    theirs, affected = Forgotten(), []
    for listing in searched:
        still()
        found = found_in(cache, listing, any_matches(deletions))
        if found.bases:
            theirs = Forgotten(theirs.bases | found.bases, theirs.keys | found.keys)
            affected.append(listing)
    if affected:
        feedback = listings(records, "feedback", known_hours(records, "feedback", affected[0].hour))
        on_them = [listing for listing in feedback if holds_any(cache, listing, theirs.matches())]
        compactor = Compactor(records, cache, theirs)
        for listing in [*on_them, *affected]:
            still()
            _write_anew(compactor, listing)
    return len(theirs.bases)


def _write_anew(compactor: Compactor, listing: HourListing) -> None:
    if not compactor.compact(listing, anyway=True):
        raise StoreUnavailableError("The hour was compacted by somebody else meanwhile.", fix="Run it again.")
    sweep(compactor.records, range(listing.hour, listing.hour + 1), keep=timedelta(0))


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
