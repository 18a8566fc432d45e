"""What became of a letter so far, and what may be done next: pure, from the attempts that were written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from drift_jobs.mail.smtp import Delivery

MOST_IN_DOUBT = 2
GIVEN_UP_AFTER = timedelta(days=5)
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 10, 30, 60))


@dataclass(frozen=True, slots=True)
class Attempt:
    """`sending`: who might have it, written before DATA. `ended` is None for one that was killed.

    `at` is when it ended, or was about to send.
    """

    at: datetime | None = None
    sending: tuple[str, ...] = ()
    ended: Delivery | None = None

    @property
    def in_doubt(self) -> bool:
        return self.ended.outcome == "in-doubt" if self.ended else bool(self.sending)


Now = Literal["send", "wait", "sent", "failed"]


@dataclass(frozen=True, slots=True)
class Standing:
    """`to` are the recipients that are still to get it; `reason` says why it waits or failed."""

    now: Now
    to: tuple[str, ...] = ()
    next_at: datetime | None = None
    reason: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()


def standing(
    attempts: Sequence[Attempt], recipients: tuple[str, ...], queued_at: datetime, now: datetime
) -> Standing:
    """`attempts` oldest first."""
    ended = [attempt.ended for attempt in attempts if attempt.ended]
    accepted = tuple(one for each in ended if each.outcome == "sent" for one in each.accepted)
    refused = {who: why for each in ended for who, why in each.refused.items()}
    left = tuple(who for who in recipients if who not in accepted and who not in refused)
    last = ended[-1].problem if ended else ""
    if not left:
        reason = "" if accepted else last or "Nobody is left to send it to."
        return Standing("sent" if accepted else "failed", (), None, reason, refused, accepted)
    if sum(attempt.in_doubt for attempt in attempts) >= MOST_IN_DOUBT:
        reason = (
            "It was handed over twice, and both times the line broke before the answer: it may have arrived."
        )
        return Standing("failed", left, None, reason, refused, accepted)
    if now - queued_at > GIVEN_UP_AFTER:
        reason = f"Given up after {GIVEN_UP_AFTER.days} days. {last}".rstrip()
        return Standing("failed", left, None, reason, refused, accepted)
    next_at = _next(attempts)
    return Standing("wait" if next_at and now < next_at else "send", left, next_at, last, refused, accepted)


def _next(attempts: Sequence[Attempt]) -> datetime | None:
    """Pauses grow to an hour, from the newest attempt on; one that came to nothing at all counts for nothing."""
    known = [attempt.at for attempt in attempts if attempt.at is not None]
    if not known:
        return None
    return max(known) + _PAUSES[min(len(known), len(_PAUSES)) - 1]
