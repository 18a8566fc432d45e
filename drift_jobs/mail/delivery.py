"""The outbox emptied, one attempt a letter: claim, look what was tried, try once, write down what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from drift_jobs.mail.attempts import Standing, standing
from drift_jobs.mail.letter import Letter, as_bytes, message_id
from drift_jobs.mail.outbox import End, Outbox, Queued
from drift_jobs.mail.smtp import Delivery, Envelope, Server, deliver
from lifecycle import clock
from lifecycle.claims import Claim, ClaimEndedError, ClaimHeldError
from lifecycle.clock import Clock, timestamp
from lifecycle.errors import CorruptBundleError
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics

LATE = timedelta(hours=1)
ALARMED = timedelta(days=7)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mailer:
    """`recipients` are the settings', and nobody else's."""

    outbox: Outbox
    server: Server
    sender: str
    recipients: tuple[str, ...]
    metrics: Metrics
    now: Clock = clock.now

    def queue(self, letter: Letter, *, quiet: bool = False) -> bool:
        """False when it was queued before. A quiet one is noted, and never sent."""
        queued = Queued(letter.place, letter.subject, message_id(letter, self.sender), timestamp(self.now()))
        if quiet:
            self.outbox.finish(letter.place, "quiet", {"reason": "Nothing in it is news."})
        made = self.outbox.queue(queued, as_bytes(letter, self.sender, self.recipients))
        if made:
            log.info("mail_queued", mail=letter.place)
        return made

    def deliver_all(self) -> int:
        """How many are through. One that fails leaves the others alone. Raises StoreError when the store is away."""
        done = sum(self._try_deliver(letter) for letter in self.outbox.open(self.now().date()))
        self.alarm()
        return done

    def _try_deliver(self, letter: Queued) -> bool:
        try:
            return self.deliver(letter)
        except CorruptBundleError as problem:
            log.error("mail_unreadable", mail=letter.key, problem=str(problem))
            return False

    def deliver(self, letter: Queued, *, at_once: bool = False) -> bool:
        """True when it is sent to all who take it. `at_once` does not wait for the next attempt's time."""
        if self._standing(letter).now == "wait" and not at_once:
            return False
        try:
            attempt = self.outbox.claim(letter.key, 2 * self.server.limit_s)
        except ClaimHeldError:
            return False
        try:
            return self._tried(letter, attempt, at_once=at_once)
        except ClaimEndedError:
            log.warning("mail_taken_over", mail=letter.key)
            return False
        finally:
            attempt.release()

    def alarm(self) -> int:
        """How many letters of the last week nobody got, or wait for more than an hour."""
        now = self.now()
        stuck = [one for one in self.outbox.all(now.date()) if _stuck(one.letter, one.end, now)]
        self.metrics.gauge("mails_undelivered", len(stuck))
        for one in stuck:
            log.error("mail_undelivered", mail=one.letter.key, problem=one.told.get("reason", "It waits."))
        return len(stuck)

    def _tried(self, letter: Queued, attempt: Claim, *, at_once: bool) -> bool:
        state = self._standing(letter)
        if state.now == "send" or (state.now == "wait" and at_once):
            delivery = self._attempted(letter, attempt, state)
            self.metrics.increment("mails", outcome=delivery.outcome.replace("-", "_"))
            state = self._standing(letter)
        if state.now in {"sent", "failed"}:
            self._finish(letter, state)
        return state.now == "sent"

    def _standing(self, letter: Queued) -> Standing:
        queued_at = datetime.fromisoformat(letter.queued_at)
        return standing(self.outbox.attempts(letter.key), self.recipients, queued_at, self.now())

    def _attempted(self, letter: Queued, attempt: Claim, state: Standing) -> Delivery:
        envelope = Envelope(self.sender, state.to, self.outbox.message(letter.key))
        delivery = deliver(
            self.server, envelope, lambda: self.outbox.about_to_send(attempt, state.to, self.now())
        )
        self.outbox.ended(attempt, delivery, self.now())
        if delivery.outcome != "sent" or delivery.refused or delivery.deferred:
            log.warning("mail_attempt", mail=letter.key, outcome=delivery.outcome, problem=_problem(delivery))
        return delivery

    def _finish(self, letter: Queued, state: Standing) -> None:
        sent = state.now == "sent"
        told = {
            "at": timestamp(self.now()),
            "accepted": list(state.accepted),
            "refused": dict(state.refused),
            "reason": state.reason,
        }
        if not self.outbox.finish(letter.key, "sent" if sent else "failed", told):
            return
        if sent:
            log.info("mail_sent", mail=letter.key, recipients=len(state.accepted))
        for problem in state.refused.values():
            log.error("mail_refused", mail=letter.key, problem=problem)
        if not sent:
            log.error("mail_failed", mail=letter.key, problem=state.reason)


def _stuck(letter: Queued, end: End | None, now: datetime) -> bool:
    age = now - datetime.fromisoformat(letter.queued_at)
    return age <= ALARMED and (end == "failed" or (not end and age > LATE))


def _problem(delivery: Delivery) -> str:
    return delivery.problem or "; ".join({*delivery.refused.values(), *delivery.deferred.values()})
