"""How long to wait before asking Azure again: as long as it says, else a little longer each time, never for ever."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from lifecycle import clock

FIRST_S, LONGEST_S = 1.0, 30.0


@dataclass(slots=True)
class Waits:
    """The waits of one question. What `pause` was asked for counts as passed, and so does the clock's time."""

    patience_s: float
    pause: Callable[[float], object]
    _next_s: float = FIRST_S
    _waited_s: float = 0.0
    _began: float = -1.0

    def wait(self, asked_s: float | None) -> bool:
        """False when patience is at its end, or would be before the time that Azure asked for."""
        self._began = clock.monotonic() if self._began < 0 else self._began
        wait_s = self._next_s if asked_s is None else asked_s
        passed_s = max(self._waited_s, clock.monotonic() - self._began)
        if passed_s + wait_s > self.patience_s:
            return False
        self.pause(wait_s)
        self._waited_s += wait_s
        self._next_s = min(2 * self._next_s, LONGEST_S)
        return True


def retry_after_s(told: str, now: datetime) -> float | None:
    """Seconds, or a date (RFC 9110, section 10.2.3); None where neither stands."""
    told = told.strip()
    if told.isdecimal():
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - now).total_seconds())
    except (ValueError, TypeError):
        return None
