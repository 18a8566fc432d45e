"""What is a deleted subject's in an hour: its predictions, and the feedback on them."""
# ruff: noqa: S608 - names in these statements are this file's own, or go through `text`

from dataclasses import dataclass

from lifecycle.prediction import row_key_reference
from lifecycle.prediction_log.duck import connect, text
from lifecycle.prediction_log.hour_files import parquet
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.segment_index import HourListing


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Predictions that were deleted: by the ids of their requests, and by owner and row key."""

    bases: frozenset[str] = frozenset()
    keys: frozenset[tuple[str, str]] = frozenset()

    def matches(self) -> str:
        """SQL over a segment of feedback: whether it is on one of them. Never NULL."""
        by_id = f"split_part(prediction_id, '-', 1) IN ({', '.join(map(text, sorted(self.bases))) or 'NULL'})"
        pairs = ", ".join(
            f"({text(owner)}, {text(row_key_reference(key))})" for owner, key in sorted(self.keys)
        )
        by_key = f" OR (owner, prediction_id) IN ({pairs})" if pairs else ""
        return f"coalesce({by_id}{by_key}, false)"


def found_in(cache: SegmentCache, listing: HourListing, condition: str) -> Forgotten:
    """The predictions of an hour for which the condition, which is SQL, holds."""
    columns = "DISTINCT split_part(prediction_id, '-', 1), owner, row_key"
    rows = _rows(cache, listing, columns, condition)
    return Forgotten(
        frozenset(base for base, _, _ in rows),
        frozenset((owner, key) for _, owner, key in rows if key is not None),
    )


def holds_any(cache: SegmentCache, listing: HourListing, condition: str) -> bool:
    return bool(_rows(cache, listing, "prediction_id, NULL, NULL", condition + " LIMIT 1"))


def _rows(cache: SegmentCache, listing: HourListing, columns: str, condition: str) -> list[tuple[str, ...]]:
    if not listing.keys:
        return []
    source = parquet(cache.fetch(listing.keys))
    with cache.scratch() as scratch, connect(scratch) as connection:
        return connection.execute(f"SELECT {columns} FROM {source} WHERE {condition}").fetchall()
