"""The one table of the worker's jobs: when each is due, how late it may still be done, and how many at once."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

JobName = Literal["night", "watch", "log", "mail", "alarms"]


@dataclass(frozen=True, slots=True)
class Job:
    """`hour` None is every hour; `minute` is as cron writes it. `late`: a call that comes later than this is left to
    the next one. Jobs of one `thread` come one after the other.
    """

    name: JobName
    hour: int | None
    minute: str
    late: timedelta
    at_once: int = 1
    thread: str = "default"


JOBS = (
    Job("night", 2, "0", timedelta(hours=6)),
    Job("watch", None, "30", timedelta(minutes=30)),
    Job("log", None, "10", timedelta(minutes=50)),
    Job("mail", None, "*/5", timedelta(minutes=4)),
    Job("alarms", None, "*", timedelta(seconds=50), thread="alarms"),  # a night may take an hour
)

DUE = time(2, 0)
MADE_UP = timedelta(days=35)
MISSING_AFTER = timedelta(hours=6)


def due_at(night: date) -> datetime:
    """When a night may be judged: 02:00 UTC of the day after it."""
    return datetime.combine(night + timedelta(days=1), DUE, UTC)


def last_due(now: datetime) -> date:
    """The newest night that is over and due."""
    yesterday = now.astimezone(UTC).date() - timedelta(days=1)
    return yesterday if due_at(yesterday) <= now else yesterday - timedelta(days=1)


def nights_to_make(now: datetime, since: date) -> tuple[date, ...]:
    """The due nights from `since` on, oldest first, none older than 35 days."""
    last = last_due(now)
    first = max(since, last - MADE_UP + timedelta(days=1))
    return tuple(first + timedelta(days=step) for step in range((last - first).days + 1))
