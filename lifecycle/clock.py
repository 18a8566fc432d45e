"""The only place that reads the time. Everything is UTC; durations use the monotonic clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]

_second = [(-1, "")]


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def unix_ms() -> int:
    return time.time_ns() // 1_000_000  # noqa: TID251 - this is the one place


def monotonic() -> float:
    """Seconds, for durations only: it never jumps and means nothing between machines."""
    return time.monotonic()


def cpu() -> float:
    """Seconds of CPU that this process used so far: what work costs, however busy the machine is."""
    return time.process_time()


def timestamp_now() -> str:
    """`timestamp(now())`, for whoever writes it thousands of times a second: a second is written once."""
    second, ms = divmod(unix_ms(), 1000)
    known, text = _second[0]
    if second != known:
        text = datetime.fromtimestamp(second, UTC).isoformat()[:19]
        _second[0] = second, text
    return f"{text}.{ms:03d}Z"


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as every stored document and answer writes time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
