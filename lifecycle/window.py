"""A half-open stretch of UTC time, [start, end): the pieces put together are the whole, each moment once."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from lifecycle.errors import PicklefleetError

_BACKWARDS = re.compile(r"([1-9][0-9]{0,4})([dh])")
_UNITS = {"d": "days", "h": "hours"}
_FIX = "Write 7d, 24h, a day such as 2013-01-31, or days such as 2013-01-01..2013-02-01 (the last is not included)."


@dataclass(frozen=True, slots=True)
class Window:
    """`start` is inside, `end` is not. Both know their zone and are kept in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("A window's start and end need a time zone.")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.start >= self.end:
            raise PicklefleetError("A window must end after it starts.", fix=_FIX)

    def contains(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def days(self) -> tuple["Window", ...]:
        """The window cut at each midnight UTC, in order: whole days, but for the first and the last piece."""
        first = self.start.date()
        count = (self.end.date() - first).days
        midnights = [_midnight(first + timedelta(days=step)) for step in range(1, count + 1)]
        edges = [self.start, *(midnight for midnight in midnights if midnight < self.end), self.end]
        return tuple(Window(start, end) for start, end in pairwise(edges))

    def __str__(self) -> str:
        return f"{self.start.isoformat()}..{self.end.isoformat()}"


def day(of: date) -> Window:
    """The 24 hours of one day in UTC."""
    return Window(_midnight(of), _midnight(of) + timedelta(days=1))


def parse(text: str, now: datetime) -> Window:
    """`7d` and `24h` end at `now`; a day is that day; `a..b` starts with day a and ends before day b.

    Raises PicklefleetError when the text is none of these.
    """
    backwards = _BACKWARDS.fullmatch(text)
    try:
        if backwards:
            return Window(now - timedelta(**{_UNITS[backwards[2]]: int(backwards[1])}), now)
        first, dots, last = text.partition("..")
        return Window(_midnight(_date(first)), _midnight(_date(last))) if dots else day(_date(first))
    except (ValueError, OverflowError) as problem:
        raise PicklefleetError(f"{text!r} is no window of time.", fix=_FIX) from problem


def _date(text: str) -> date:
    if len(text) != len("2013-01-31"):
        raise ValueError(text)  # fromisoformat takes weeks and dates without dashes as well
    return date.fromisoformat(text)


def _midnight(of: date) -> datetime:
    return datetime.combine(of, time(), UTC)
