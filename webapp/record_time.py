"""When a record happened: now, or in a replay of the past what the request says."""

from datetime import UTC, datetime

from lifecycle import clock
from webapp import problems
from webapp.problems import ProblemError

HEADER = "X-Replay-Time"
ENVIRON = "HTTP_X_REPLAY_TIME"
_LAST_MS = 4_102_444_800_000  # the year 2100: what lies beyond it is a slip


def record_time(told: str, *, replay: bool) -> int:
    """Unix ms. The header means nothing unless this service was started to replay. Raises ProblemError 400."""
    if not replay or not told:
        return clock.unix_ms()
    unix_ms = _unix_ms(told)
    if unix_ms is None or not 0 <= unix_ms < _LAST_MS:
        raise ProblemError(problems.BAD_REQUEST, f"{HEADER} must be a time such as 2013-01-31T08:15:00Z.")
    return unix_ms


def _unix_ms(told: str) -> int | None:
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
