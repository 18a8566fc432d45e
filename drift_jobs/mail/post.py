"""What the worker does beside judging: keep each report as a page, and see that people get it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from drift_jobs.mail.delivery import Mailer
from drift_jobs.mail.letter import Letter
from drift_jobs.mail.letters import missing_key, missing_letter, night_key, night_letter, plain_letter
from drift_jobs.mail.page import NIGHTS, Page, page_of
from drift_jobs.mail.rendering import in_place, night_html
from drift_jobs.mail.snoozes import Snoozes
from drift_jobs.reports import Reports
from drift_jobs.schedule import MADE_UP, MISSING_AFTER, last_due
from lifecycle import clock
from lifecycle.clock import Clock
from lifecycle.errors import StoreError
from lifecycle.logs import get_logger

KEPT = "report.html"
MADE_UP_NIGHTS = 3

log = get_logger(__name__)


class Post(Protocol):
    """What a round tells of."""

    def announce(self, report: Mapping[str, Any]) -> None:
        """Of the report that this worker made."""
        ...

    def missing(self, nights: Sequence[date]) -> None:
        """Of nights whose report should have been there for hours."""
        ...


class NoPost:
    """Nobody is told."""

    def announce(self, report: Mapping[str, Any]) -> None:
        pass

    def missing(self, nights: Sequence[date]) -> None:
        pass


NOBODY: Post = NoPost()


@dataclass(frozen=True, slots=True)
class PostOffice:
    """`mailer` None: the settings name nobody to write to. `only_news`: quiet nights are kept and not mailed.

    `link` is where kept pages can be read, if anywhere.
    """

    reports: Reports
    snoozes: Snoozes
    mailer: Mailer | None
    only_news: bool = False
    link: str = ""
    now: Clock = clock.now

    def announce(self, report: Mapping[str, Any]) -> None:
        """Keep it as a page and queue its letter; may be called again after a crash, by anyone."""
        try:
            self._announce(report)
        except Exception:  # the night is made: what goes wrong in telling of it must not undo that
            log.exception("announcement_failed", night=report["night"])

    def _announce(self, report: Mapping[str, Any]) -> None:
        night = date.fromisoformat(report["night"])
        recent = self.now().date() - night <= MADE_UP  # a replayed past is nobody's news
        if self.mailer is not None and recent and not self.mailer.outbox.holds(night_key(report)):
            letter = self._letter(report)
            self.mailer.queue(letter, quiet=self.only_news and not letter.news)
        self.keep(report)

    def _letter(self, report: Mapping[str, Any]) -> Letter:
        try:
            return self.letter(report)
        except StoreError:
            raise  # the next call tries again
        except Exception:
            log.exception("letter_failed", night=report["night"])
            return plain_letter(report)

    def missing(self, nights: Sequence[date]) -> None:
        """Once for each newest night that is missing."""
        if self.mailer is None or self.mailer.outbox.holds(missing_key(nights)):
            return
        self.mailer.queue(missing_letter(nights, int(MISSING_AFTER.total_seconds() // 3600)))

    def once(self) -> None:
        """Make up what a worker that died left, then deliver. Raises PicklefleetError when the store is away."""
        newest = last_due(self.now())
        for back in range(MADE_UP_NIGHTS):
            report = self.reports.find(newest - timedelta(days=back))
            if report is not None:
                self.announce(report)
        if self.mailer is not None:
            self.mailer.deliver_all()

    def page(self, report: Mapping[str, Any]) -> Page:
        return page_of(report, self.earlier(report), self.snoozes.latest(), link=self._link(report))

    def letter(self, report: Mapping[str, Any]) -> Letter:
        return night_letter(report, self.earlier(report), self.snoozes.latest(), link=self._link(report))

    def keep(self, report: Mapping[str, Any]) -> str:
        """The page as it is kept; made and kept now if it is not there."""
        found = self.reports.kept(date.fromisoformat(report["night"]), KEPT)
        if found is not None:
            return found.decode()
        made = night_html(self.page(report), in_place, kept=True)
        self.reports.keep(date.fromisoformat(report["night"]), KEPT, made.encode())
        return made

    def earlier(self, report: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The reports of the nights before, oldest first."""
        night = date.fromisoformat(report["night"])
        found = (self.reports.find(night - timedelta(days=back)) for back in range(NIGHTS - 1, 0, -1))
        return [one for one in found if one is not None]

    def _link(self, report: Mapping[str, Any]) -> str:
        return f"{self.link}/{report['night']}/{KEPT}" if self.link else ""
