"""A person knows of something and has seen enough mails of it: said once more each night, but no longer aloud.

A journal in the reports area. What gets worse than it was when it was snoozed breaks the snooze; what is severe was
never quiet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from drift_jobs.mail.conditions import Condition
from lifecycle import journal
from lifecycle.drift.severity import Severity
from lifecycle.errors import AlreadyExistsError, CorruptBundleError, PicklefleetError
from lifecycle.object_store import ObjectStore

FORMAT = 1
LONGEST = timedelta(
    days=90
)  # entries are not signed: whoever may write to the reports could else quiet it for ever
_PREFIX = "snoozes"
_WORSE = 1.5
_WORSE_BY = 0.1


@dataclass(frozen=True, slots=True)
class Snooze:
    """Of nights from `since` on and before `until`; equal days take it back. `severity` and `effect` are those of
    the night `since`.
    """

    condition: str
    since: date
    until: date
    severity: str
    effect: float | None
    by: str
    reason: str
    at: str
    format: int = FORMAT

    def holds_on(self, night: date) -> bool:
        return self.since <= night < min(self.until, self.since + LONGEST)

    def broken_by(self, condition: Condition) -> bool:
        """By a higher severity, or by an effect half as large again."""
        if condition.severity.rank > Severity(self.severity).rank or condition.severity is Severity.SEVERE:
            return True
        if condition.effect is None or self.effect is None:
            return False
        return condition.effect > max(self.effect * _WORSE, self.effect + _WORSE_BY)


@dataclass(frozen=True, slots=True)
class Heard:
    """A night's conditions: `loud` make its verdict, `quiet` are snoozed, `broken` are loud in spite of a snooze."""

    loud: tuple[Condition, ...]
    quiet: tuple[tuple[Condition, Snooze], ...] = ()
    broken: tuple[tuple[Condition, Snooze], ...] = ()


@dataclass(frozen=True, slots=True)
class Snoozes:
    """`store` is the reports area."""

    store: ObjectStore

    def latest(self) -> dict[str, Snooze]:
        """By condition, whether it still holds or not."""
        return {one.condition: one for one in map(_read, journal.history(self.store, _PREFIX))}

    def add(self, snooze: Snooze) -> None:
        """Raises PicklefleetError when somebody else wrote at this very moment."""
        number = max((entry.number for entry in journal.history(self.store, _PREFIX)), default=0) + 1
        document = msgspec.to_builtins(asdict(snooze))
        try:
            journal.append(self.store, _PREFIX, document, expected_number=number)
        except AlreadyExistsError as problem:
            raise PicklefleetError("Somebody else snoozed something just now.", fix="Try again.") from problem


def check_snoozable(condition: Condition) -> None:
    """Raises PicklefleetError for what is severe: that is never quiet."""
    if condition.severity is Severity.SEVERE:
        raise PicklefleetError(
            f"{condition.name} is severe: severe mails always go.",
            fix="Mend it, or let the model be retrained: picklefleet report show --explain",
        )


def heard(conditions: Iterable[Condition], snoozes: Mapping[str, Snooze], night: date) -> Heard:
    loud: list[Condition] = []
    quiet, broken = [], []
    for one in conditions:
        snooze = snoozes.get(one.name)
        if snooze is None or not snooze.holds_on(night):
            loud.append(one)
        elif snooze.broken_by(one):
            loud.append(one)
            broken.append((one, snooze))
        else:
            quiet.append((one, snooze))
    return Heard(tuple(loud), tuple(quiet), tuple(broken))


def _read(entry: journal.Entry) -> Snooze:
    document: dict[str, Any] = entry.document
    try:
        return msgspec.convert(document, Snooze)
    except msgspec.ValidationError as problem:
        raise CorruptBundleError(f"{_PREFIX} entry {entry.number} can't be read: {problem}.") from problem
