"""A night's counts beside the profile → the night's report."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lifecycle.drift.comparison import Comparison, as_family, compare
from lifecycle.drift.power import MIN_ROWS, power_sentence
from lifecycle.drift.report import Course, DriftReport, Finding
from lifecycle.drift.severity import Severity, effects, guards_for, severity_of
from lifecycle.performance.baseline import PerformanceVerdict
from lifecycle.profile.counts import ColumnCounts, Counts
from lifecycle.profile.profile import Column, Profile

MIN_TRAILING_ROWS = 1000

_FLATTERS = "The reference has no hold-out fold: scores and estimates may flatter."
_VARIATION_UNKNOWN = "Normal variation unknown: the reference does not have 14 days of at least 200 rows."


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """A profiled column with what was counted of it tonight, and in the trailing reference if there is one."""

    column: Column
    current: ColumnCounts
    trailing: ColumnCounts | None
    is_score: bool


def judge(
    profile: Profile,
    counts: Counts,
    trailing: Counts | None = None,
    performance: PerformanceVerdict | None = None,
) -> DriftReport:
    """Judge one version's night. `trailing`: counts of the same weekday in the last four weeks, which only name
    what was found. Never raises for what is in the data: a column that can't be compared says why.
    """
    entries = tuple(_entries(profile, counts, trailing))
    compared = _compare_all(entries) if counts.rows >= MIN_ROWS else ()
    recent = _compare_all(entries, trailing=True) if counts.rows >= MIN_ROWS else ()
    found = tuple(
        _finding(profile, entry, outcome, before)
        for entry, outcome, before in zip(entries, compared, recent, strict=False)
    )
    unprofiled = tuple(
        Finding(name, Severity.NOT_COMPUTABLE, (reason,), name in profile.important)
        for name, reason in profile.unprofiled.items()
    )
    features = found[: len(profile.features)] + unprofiled
    tests = sum(len(each.tests) for each in compared if isinstance(each, Comparison))
    report = _report(profile, counts.rows, features, found[len(profile.features) :], performance)
    return replace(
        report,
        tests=tests,
        power=power_sentence(counts.rows, _reference_rows(profile), tests),
        notes=tuple(_notes(profile, trailing)),
    )


def _entries(profile: Profile, counts: Counts, trailing: Counts | None) -> Iterator[_Entry]:
    usable = trailing if trailing is not None and trailing.rows >= MIN_TRAILING_ROWS else None
    for name, column in profile.features.items():
        before = usable.features.get(name) if usable else None
        yield _Entry(column, counts.features[name], before, is_score=False)
    for name, column in profile.scores.items():
        before = usable.scores.get(name) if usable else None
        yield _Entry(column, counts.scores[name], before, is_score=True)


def _compare_all(entries: Iterable[_Entry], *, trailing: bool = False) -> tuple[Comparison | str, ...]:
    """Each entry's comparison, marked within the one family of all; or why there is none."""
    outcomes = [_compare(entry, trailing=trailing) for entry in entries]
    marked = iter(as_family(each for each in outcomes if isinstance(each, Comparison)))
    return tuple(next(marked) if isinstance(each, Comparison) else each for each in outcomes)


def _compare(entry: _Entry, *, trailing: bool) -> Comparison | str:
    before = entry.trailing if trailing else entry.column.reference
    if before is None:
        return "There is no trailing reference."
    for counts, whose in ((entry.current, ""), (before, "In the reference: ")):
        if counts.broken:
            return whose + counts.broken
        if not counts.rows:
            return f"{whose}There are no rows."
    try:
        return compare(entry.column, entry.current, before if trailing else None)
    except (ValueError, ArithmeticError) as problem:
        return f"The comparison failed: {type(problem).__name__}."


def _finding(profile: Profile, entry: _Entry, outcome: Comparison | str, recent: Comparison | str) -> Finding:
    name = entry.column.name
    important = entry.is_score or name in profile.important
    if isinstance(outcome, str):
        return Finding(name, Severity.NOT_COMPUTABLE, (outcome,), important)
    guards = guards_for(outcome.numeric, outcome.rows, entry.column.variation)
    severity = severity_of(outcome, guards)
    course: Course | None = None
    if severity.found and isinstance(recent, Comparison):
        course = "sudden" if severity_of(recent, guards).found else "gradual or seasonal"
    told = effects(outcome, guards) if severity.found else ()
    known = entry.column.variation is not None
    return Finding(name, severity, told, important, outcome, guards, known, course)


def _report(
    profile: Profile,
    rows: int,
    features: tuple[Finding, ...],
    scores: tuple[Finding, ...],
    performance: PerformanceVerdict | None,
) -> DriftReport:
    failing = performance is not None and performance.bad is True
    findings = (*features, *scores)
    drifts = any(each.important and each.severity.rank >= Severity.DRIFT.rank for each in findings)
    return DriftReport(
        _severity(findings, rows, failing=failing),
        drifts or failing,
        rows,
        features,
        scores,
        reference_alarms=profile.reference_alarms,
        performance=performance,
    )


def _reference_rows(profile: Profile) -> int:
    return max((column.reference.rows for column in profile.features.values()), default=MIN_ROWS)


def _severity(findings: tuple[Finding, ...], rows: int, *, failing: bool) -> Severity:
    if failing:
        return Severity.SEVERE
    if rows < MIN_ROWS:
        return Severity.NO_DATA
    return max((_weight(each) for each in findings), key=lambda each: each.rank, default=Severity.NO_DATA)


def _weight(finding: Finding) -> Severity:
    """What a column adds to the night's severity: what does not matter to the model never sounds the alarm."""
    if finding.important or finding.severity is Severity.OK:
        return finding.severity
    return Severity.WATCH if finding.severity.found else Severity.OK


def _notes(profile: Profile, trailing: Counts | None) -> Iterator[str]:
    if profile.fold == "unknown-fold":
        yield _FLATTERS
    if all(column.variation is None for column in profile.features.values()):
        yield _VARIATION_UNKNOWN
    if trailing is None or trailing.rows < MIN_TRAILING_ROWS:
        yield f"Sudden and seasonal can't be told apart: the trailing reference needs {MIN_TRAILING_ROWS:,} rows."
