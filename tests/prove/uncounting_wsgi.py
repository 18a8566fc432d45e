"""The service with drops that nobody counts: the broken twin of a full spool."""

from lifecycle.prediction_log.drop_counts import DropCounts
from webapp.wsgi import app

__all__ = ["app"]

DropCounts.add = lambda _counts, _reason, _rows, _unix_ms: None
