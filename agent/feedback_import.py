"""`picklefleet feedback import`: a file of true values → feedback events in this machine's spool."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from agent.label_files import OBSERVED, Batch, Columns, LabelRow, On
from lifecycle import clock
from lifecycle.errors import PicklefleetError
from lifecycle.prediction import MAX_ROW_KEY, FleetKey, row_key_reference, verify
from lifecycle.prediction_log.records import Feedback
from lifecycle.true_values import NotATrueValueError, TrueValues

SHOWN_FAULTS = 20


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in which column of which line or row; never the value itself."""

    number: int
    column: str
    detail: str


@dataclass(slots=True)
class Imported:
    """How many rows were recorded, refused, or had no value yet; the first faults of those refused."""

    accepted: int = 0
    refused: int = 0
    empty: int = 0
    faults: list[RowFault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FeedbackImport:
    """`record` gives False where the spool can take no more."""

    on: On
    owner: str
    key: FleetKey
    values: TrueValues
    record: Callable[[Feedback], bool]

    @property
    def columns(self) -> Columns:
        return Columns.of(self.on, self.values.names)

    def run(self, batches: Iterable[Batch], progress: Callable[[float], None]) -> Imported:
        """Record batch by batch. Raises PicklefleetError when the spool is full; what was recorded stays."""
        done = Imported()
        for batch in batches:
            taken = [one for row in batch.rows if (one := self._take(row, batch.typed, done)) is not None]
            if taken and not self.record(self._feedback(taken)):
                raise PicklefleetError(
                    f"The spool has no room; {done.accepted:,} rows of the file are recorded.",
                    fix="Let the agent ship what lies there (picklefleet agent --once), then run this again:"
                    " telling the same twice changes nothing.",
                )
            done.accepted += len(taken)
            progress(batch.read)
        return done

    def _take(self, row: LabelRow, typed: bool, done: Imported) -> tuple[str, Any, int | None] | None:
        if all(_is_empty(value) for value in row.actual.values()):
            done.empty += 1
            return None
        faults: list[RowFault] = []
        found = (
            self._reference(row, faults),
            self._actual(row, typed, faults),
            _observed_ms(row, faults),
        )
        if faults:
            done.refused += 1
            done.faults += faults[: SHOWN_FAULTS - len(done.faults)]
            return None
        return found

    def _reference(self, row: LabelRow, faults: list[RowFault]) -> str:
        given = "" if row.reference is None else str(row.reference)
        if self.on == "key":
            if not 1 <= len(given) <= MAX_ROW_KEY:
                faults.append(RowFault(row.number, self.on, f"Must have 1 to {MAX_ROW_KEY} characters."))
            return row_key_reference(given)
        if verify(self.key, given, self.owner) is None:
            detail = f"Is no prediction id that this fleet gave to {self.owner or 'callers without a key'}."
            faults.append(RowFault(row.number, self.on, detail))
        return given

    def _actual(self, row: LabelRow, typed: bool, faults: list[RowFault]) -> Any:
        try:
            if not typed:
                return self.values.parse({name: value or "" for name, value in row.actual.items()})
            return self.values.check(row.actual if len(row.actual) > 1 else next(iter(row.actual.values())))
        except NotATrueValueError as problem:
            columns = self.columns.actual
            faults += [
                RowFault(row.number, columns.get(name, "actual"), text)
                for name, text in problem.faults.items()
            ]
        return None

    def _feedback(self, taken: Sequence[tuple[str, Any, int | None]]) -> Feedback:
        references, actuals, observed = zip(*taken, strict=True)
        return Feedback(
            prediction_ids=references,
            actuals=actuals,
            observed_ms=observed,
            received_ms=clock.unix_ms(),
            owner=self.owner,
            source="import",
        )


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _observed_ms(row: LabelRow, faults: list[RowFault]) -> int | None:
    """A time without an offset is UTC, as everywhere in files."""
    if row.observed is None or isinstance(row.observed, int):
        return row.observed
    try:
        moment = datetime.fromisoformat(row.observed)
        return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        faults.append(RowFault(row.number, OBSERVED, "Must be a date and time such as 2013-01-31T08:15:00Z."))
        return None
