"""A round of the worker: every due night without a report, oldest first. What is done is known from the store."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from drift_jobs.mail.post import NOBODY, Post
from drift_jobs.night import Place, ensure_requested
from drift_jobs.reports import Reports
from drift_jobs.schedule import MISSING_AFTER, due_at, nights_to_make
from lifecycle import clock
from lifecycle.claims import Claim, ClaimEndedError
from lifecycle.clock import Clock
from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics
from lifecycle.policy_journal import PolicyJournal
from lifecycle.window import day

LIMIT_S = 3600.0

Judge = Callable[[date, Claim], dict[str, Any]]

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rounds:
    """`judge` makes a night's document; it beats the claim's heart meanwhile. `post` tells people."""

    place: Place
    metrics: Metrics
    judge: Judge
    now: Clock = clock.now
    limit_s: float = LIMIT_S
    post: Post = NOBODY

    def once(self) -> int:
        """How many reports this worker made. A night that fails leaves the others alone; the next round retries."""
        made = sum(self._try_night(night) for night in self.undone())
        self.alarm()
        return made

    def undone(self) -> tuple[date, ...]:
        since = first_promotion(self.place)
        if since is None:
            return ()
        nights = nights_to_make(self.now(), since)
        return tuple(night for night in nights if not self._finished(night))

    def alarm(self) -> int:
        """The dead man's switch: how many nights lack the report that they should have had for six hours."""
        now = self.now()
        late = [night for night in self.undone() if due_at(night) + MISSING_AFTER <= now]
        self.metrics.gauge("nights_missing", len(late))
        if late:
            log.error("report_missing", nights=[night.isoformat() for night in late])
            self.post.missing(late)
        return len(late)

    def make(self, night: date) -> bool:
        """True when this worker's report is the one. Raises PicklefleetError when the night can't be judged, or not yet."""
        claim = self.place.reports.claim(night, self.limit_s)
        if claim is None:
            return False
        if self.place.reports.exists(night):  # finished between our look and our claim
            claim.release()
            return False
        _require_over(night, claim)
        report = self._judge(night, claim)
        if not self.place.reports.publish(claim, report):
            return False
        ensure_requested(self.place, report)
        log.info("night_judged", night=night.isoformat(), severity=report["severity"])
        self.post.announce(report)
        return True

    def _judge(self, night: date, claim: Claim) -> dict[str, Any]:
        try:
            return self.judge(night, claim)
        except PicklefleetError:
            claim.release()
            raise

    def _try_night(self, night: date) -> bool:
        try:
            made = self.make(night)
        except ClaimEndedError as problem:
            log.warning("night_taken_over", night=night.isoformat(), problem=str(problem))
            return False
        except PicklefleetError as problem:
            self.metrics.increment("nights", outcome="failed")
            log.error("night_failed", night=night.isoformat(), problem=str(problem))
            return False
        if made:
            self.metrics.increment("nights", outcome="ok")
        return made

    def _finished(self, night: date) -> bool:
        """A report without the request that it decided on was made by a worker that died right after it."""
        report = self.place.reports.find(night)
        if report is not None:
            ensure_requested(self.place, report)
        return report is not None


def _require_over(night: date, claim: Claim) -> None:
    """A report is for ever: a worker whose clock is ahead must not make it of half a day."""
    if claim.began() < day(night).end:
        claim.release()
        raise PicklefleetError(
            f"The night {night} is not over by the clock of the store.",
            fix=f"What there is of it so far: picklefleet work --once {night} --dry-run. If this machine says that it is over, "
            "its clock is wrong.",
        )


def first_promotion(place: Place) -> date | None:
    """The day from which on nights are judged; None before there was a champion."""
    first = next(PolicyJournal(place.registry, place.trust).history(), None)
    return None if first is None else datetime.fromisoformat(first.made_at).date()


def overdue(reports: Reports, since: date, now: datetime) -> list[date]:
    """Nights whose report should have been there for six hours."""
    nights = nights_to_make(now, since)
    return [night for night in nights if due_at(night) + MISSING_AFTER <= now and not reports.exists(night)]
