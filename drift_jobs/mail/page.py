"""Everything that a night's mail says, in the order in which it says it. Built once; text and HTML only set it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from drift_jobs.mail.changes import Changes, changes, sentences
from drift_jobs.mail.conditions import Condition, conditions_of, leading
from drift_jobs.mail.figures import FigureRow, figure_rows, performance_lines
from drift_jobs.mail.heat import HeatRow, heat_rows
from drift_jobs.mail.performance_picture import course_of, over_nights
from drift_jobs.mail.pictures import Picture, compared
from drift_jobs.mail.snoozes import Heard, Snooze, heard
from drift_jobs.mail.verdict import Verdict, verdict_of
from drift_jobs.mail.wording import counted, name_of, number, share
from lifecycle.drift.severity import Severity

NIGHTS = 30


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of it there is: the mail has a limit, whatever the model's columns are."""

    rows: int = 12
    quiet_rows: int = 5
    pictures: int = 3
    heat: int = 8
    versions: int = 8


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One line of the table. `why` is for what was found."""

    name: str
    severity: str
    important: bool
    effect: str
    psi: str
    limit: str
    missing: str
    why: str


@dataclass(frozen=True, slots=True)
class Page:
    """`summary` are facts of the first screen; `left_out` says what the table does not show."""

    model: str
    version: str
    night: str
    verdict: Verdict
    bad: bool
    since: str
    changes: tuple[str, ...]
    summary: tuple[str, ...]
    decision: str
    evidence: tuple[str, ...]
    snoozed: tuple[str, ...]
    columns: tuple[ColumnRow, ...]
    left_out: str
    heat: tuple[HeatRow, ...]
    heat_span: str
    figures: tuple[FigureRow, ...]
    performance: tuple[str, ...]
    pictures: tuple[Picture, ...]
    course: Picture | None
    versions: tuple[str, ...]
    notes: tuple[str, ...]
    link: str


def page_of(
    report: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
    snoozes: Mapping[str, Snooze],
    *,
    detail: Detail = Detail(),
    link: str = "",
) -> Page:
    """`earlier`: reports of the nights before, oldest first. `link` is where the kept page can be read."""
    night, entry = date.fromisoformat(report["night"]), leading(report)
    conditions = conditions_of(report)
    found, moved, told = _compared(report, earlier, snoozes, night)
    span = [*earlier[-(NIGHTS - 1) :], report]
    course = course_of(span)
    shown = _shown(entry, conditions)
    listed = min(detail.rows, len(conditions) + detail.quiet_rows)
    return Page(
        name_of(report["model"]),
        report["version"],
        report["night"],
        verdict_of(report, found, moved),
        report["bad"],
        f"Since {moved.since}" if moved.since else "What changed",
        (*told, *_broken(found)),
        tuple(_summary(report, entry)),
        report["decision"]["reason"],
        tuple(report["decision"]["evidence"][:6]),
        tuple(_quiet(condition, snooze) for condition, snooze in found.quiet),
        tuple(_row(finding) for finding in shown[:listed]),
        _left_out(shown[listed:]),
        heat_rows(span, tuple(one.name for one in conditions), detail.heat),
        f"{span[0]['night']} to {report['night']}",
        figure_rows(entry),
        tuple(performance_lines(report, entry)),
        tuple(_pictures(entry, shown, detail.pictures)),
        over_nights(course, "performance.png") if course and detail.pictures else None,
        tuple(_version(one) for one in report["versions"] if one is not entry)[: detail.versions],
        tuple(_notes(entry)),
        link,
    )


def _compared(
    report: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
    snoozes: Mapping[str, Snooze],
    night: date,
) -> tuple[Heard, Changes, tuple[str, ...]]:
    found = heard(conditions_of(report), snoozes, night)
    judged = [one for one in earlier if one["severity"] != Severity.NO_DATA.value]
    if report["severity"] == Severity.NO_DATA.value:
        last = f" The last judged night is {judged[-1]['night']}." if judged else ""
        return found, Changes(None), (f"This night could not be judged.{last}",)
    before = conditions_of(judged[-1]) if judged else ()
    moved = changes(conditions_of(report), before, judged[-1]["night"] if judged else None)
    told = [*sentences(moved, {one.name: one for one in before})]
    if judged and judged[-1]["version"] != report["version"]:
        told.insert(0, f"The champion changed: {judged[-1]['version']} → {report['version']}.")
    return found, moved, tuple(told)


def _broken(found: Heard) -> Iterator[str]:
    for one, snooze in found.broken:
        yield (
            f"Snooze broken: {name_of(one.name)} was {snooze.severity} when {snooze.by} snoozed it, and is worse: "
            f"{one.short}."
        )


def _quiet(one: Condition, snooze: Snooze) -> str:
    return (
        f"{one.short} ({one.severity.value}): snoozed until {snooze.until} by {snooze.by}, “{snooze.reason}”."
    )


def _summary(report: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[str]:
    quality, labels = report["quality"], entry["labels"]
    days = f" of {entry['days']} days, because the night alone had too few" if entry["days"] > 1 else ""
    yield f"{counted(entry['rows'], 'prediction')}{days}; true values for {share(labels['coverage'])}."
    lost = sum(quality["dropped"].values())
    if lost:
        yield f"{counted(lost, 'prediction')} could not be recorded, so they are not judged."
    if untold := sum(quality.get("feedback_dropped", {}).values()):
        yield f"{counted(untold, 'true value')} told since then could not be kept."
    if quality["unknown_versions"]:
        yield f"Answered by versions that the registry does not know: {', '.join(quality['unknown_versions'][:5])}."


def _shown(entry: Mapping[str, Any], conditions: Sequence[Condition]) -> list[Mapping[str, Any]]:
    """What was found first, as it was weighed; then by how near a column is to its limit."""
    places = {one.name: place for place, one in enumerate(conditions)}
    findings = [*entry["drift"]["scores"], *entry["drift"]["features"]]
    return sorted(
        findings, key=lambda one: (places.get(one["name"], len(places)), -_nearness(one), one["name"])
    )


def _nearness(finding: Mapping[str, Any]) -> float:
    """PSI as a share of the limit of watch."""
    compared_, guards = finding["comparison"], finding["guards"]
    return 0.0 if compared_ is None or guards is None else compared_["psi"] / guards["psi_watch"]


def _row(finding: Mapping[str, Any]) -> ColumnRow:
    seen = finding["comparison"]
    severity, why = (
        finding["severity"],
        [*finding["reasons"], *([finding["course"]] if finding["course"] else [])],
    )
    if Severity(severity).rank > Severity.WATCH.rank and not finding["important"]:
        why, severity = (
            [f"{severity} by itself, but of little weight to the model", *why],
            Severity.WATCH.value,
        )
    effect = psi = limit = missing = ""
    if seen is not None:
        letter = "D" if seen["numeric"] else "V"
        effect = "" if seen["distance"] is None else f"{letter} {seen['distance']:.2f}"
        psi, missing = number(seen["psi"]), share(seen["missing"])
    name = name_of(finding["name"])
    if finding["guards"] is not None:
        limit = number(finding["guards"]["psi_watch"])
    return ColumnRow(name, severity, finding["important"], effect, psi, limit, missing, "; ".join(why))


def _left_out(rest: Sequence[Mapping[str, Any]]) -> str:
    if not rest:
        return ""
    loud = sum(Severity(one["severity"]).found for one in rest)
    what = f"{loud:,} of them found to differ" if loud else "none of them beyond its limits"
    return f"{counted(len(rest), 'more column')}, {what}."


def _pictures(entry: Mapping[str, Any], shown: Sequence[Mapping[str, Any]], most: int) -> Iterator[Picture]:
    found = [one for one in shown if Severity(one["severity"]).found]
    drawn = [one for one in found if one["name"] in entry["bins"]][:most]
    for place, finding in enumerate(drawn):
        bins = entry["bins"][finding["name"]]
        picture = compared(finding["name"], bins, f"column-{place + 1}.png")
        caption = f"{name_of(finding['name'])}: {'; '.join(finding['reasons']) or finding['severity']}"
        yield Picture(picture.name, picture.png, picture.alt, picture.width, picture.height, caption)


def _version(entry: Mapping[str, Any]) -> str:
    worst = next(iter(conditions_of({"versions": [entry], "version": entry["version"]})), None)
    what = f": {worst.short}" if worst else ""
    return f"{entry['version']}: {counted(entry['rows'], 'prediction')}, {entry['severity']}{what}"


def _notes(entry: Mapping[str, Any]) -> Iterator[str]:
    drift = entry["drift"]
    if drift["power"]:
        yield drift["power"]
    yield from drift["notes"]
    if drift["reference_alarms"] is not None:
        alarms = share(drift["reference_alarms"])
        yield f"Of the reference's own days {alarms} would have been found too: alarms are that common."
