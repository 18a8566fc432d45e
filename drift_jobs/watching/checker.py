"""Minute by minute: ask Graphite, judge by the rules, and tell of what began and of what is over, each once."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from drift_jobs.mail.letter import Letter
from drift_jobs.mail.letters import alarm_letter
from drift_jobs.watching.rules import BLIND, LOOK_BACK_S, RULES, Finding, Numbers, Rule
from drift_jobs.watching.targets import buckets, observed, quantile_of
from lifecycle import clock, journal
from lifecycle.clock import Clock, timestamp
from lifecycle.errors import AlreadyExistsError, PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics
from lifecycle.object_store import ObjectStore

FORMAT = 1
BLIND_AFTER = 3  # a restart of Graphite is no news

Ask = Callable[[str, int], Numbers]  # a target and seconds → series

log = get_logger(__name__)


@dataclass(slots=True)
class Checker:
    """`reports` keeps each rule's state as a journal: of many workers one writes a change, and that one tells.

    `tell` queues a letter; None where the settings name nobody to write to.
    """

    ask: Ask
    reports: ObjectStore
    metrics: Metrics
    tell: Callable[[Letter], None] | None = None
    now: Clock = clock.now
    _known: dict[str, journal.Entry] = field(default_factory=dict)
    _blind: int = 0

    def once(self) -> dict[str, Finding]:
        """Every rule's finding. Raises StoreUnavailableError when the store is away."""
        findings = self._look()
        for rule in (*RULES, BLIND):
            if rule.name in findings:
                self._note(rule, findings[rule.name])
        return findings

    def look(self) -> dict[str, Finding]:
        """What each rule finds now, told to nobody. Raises GraphiteError."""
        return {rule.name: rule.judge(self._answers(rule)) for rule in RULES}

    def _look(self) -> dict[str, Finding]:
        try:
            found = self.look()
            self._tell_quantiles()
        except PicklefleetError as problem:
            log.warning("graphite_not_asked", problem=str(problem))
            self._blind += 1
            return {BLIND.name: BLIND.judge({})} if self._blind >= BLIND_AFTER else {}
        self._blind = 0
        return found | {BLIND.name: Finding("fine", "Graphite answers.")}

    def _answers(self, rule: Rule) -> Mapping[str, Numbers]:
        return {
            name: self.ask(target, LOOK_BACK_S.get(name, rule.window_s))
            for name, target in rule.questions.items()
        }

    def _tell_quantiles(self) -> None:
        """What Graphite itself can't do: the percentile of a fleet, from the sum of its histograms."""
        found = self.ask(buckets("request_seconds"), 300)
        if observed(found):
            self.metrics.gauge("request_seconds_p50", quantile_of("request_seconds", 0.5, found))
            self.metrics.gauge("request_seconds_p99", quantile_of("request_seconds", 0.99, found))

    def _note(self, rule: Rule, finding: Finding) -> None:
        before = self._before(rule)
        state = before.document["state"] if before else "fine"
        if finding.state in {state, "unknown"}:
            return
        number = (before.number if before else 0) + 1
        document = {"format": FORMAT, "rule": rule.name, "at": timestamp(self.now()), **asdict(finding)}
        try:
            journal.append(self.reports, _prefix(rule), document, expected_number=number)
        except AlreadyExistsError:
            return  # another worker saw it first, and tells
        self._known[rule.name] = journal.Entry(number, document)
        self._announce(rule, finding, number)

    def _before(self, rule: Rule) -> journal.Entry | None:
        known = self._known.get(rule.name)
        newer = journal.latest(self.reports, _prefix(rule), known=known.number if known else 0)
        if newer is not None:
            self._known[rule.name] = newer
        return newer or known

    def _announce(self, rule: Rule, finding: Finding, number: int) -> None:
        self.metrics.increment("alarms", state=finding.state)
        log.error(
            "alarm" if finding.state == "alarm" else "alarm_over", rule=rule.name, seen=finding.sentence
        )
        if self.tell is not None:
            key = f"{self.now().date().isoformat()}-alarm-{rule.name}-{number}"
            self.tell(
                alarm_letter(key, rule.title, finding.sentence, rule.step, over=finding.state == "fine")
            )


def _prefix(rule: Rule) -> str:
    return f"alarms/{rule.name}"


def as_document(findings: Mapping[str, Finding]) -> dict[str, Any]:
    return {name: asdict(finding) for name, finding in findings.items()}
