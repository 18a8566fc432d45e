"""The night in one line, the likely cause in one sentence, and what to do next: the first screen of the mail."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drift_jobs.mail.changes import Changes
from drift_jobs.mail.conditions import PERFORMANCE, Condition, Kind, leading
from drift_jobs.mail.snoozes import Heard
from drift_jobs.mail.wording import counted, joined, name_of, printable
from lifecycle.drift.severity import Severity

SUBJECT_WIDTH = 140
SNOOZED, RECOVERED = "snoozed", "recovered"

_SENTENCES = {
    Severity.OK.value: "Nothing differs from the reference by more than it should.",
    Severity.WATCH.value: "Something differs from the reference. It is worth a look, no more.",
    Severity.DRIFT.value: "The model sees another world than the one it was trained on.",
    Severity.SEVERE.value: "The model sees a very different world from the one it was trained on.",
    Severity.NO_DATA.value: "There were too few predictions to judge.",
    Severity.NOT_COMPUTABLE.value: "Some columns could not be compared.",
    SNOOZED: "Everything that was found is snoozed.",
    RECOVERED: "What was found the night before is over.",
}


# said in place of the above when this leads, and is more than watch
_BY_KIND: Mapping[Kind, str] = {
    "performance": "The model is worse than it was when it was registered.",
    "score": "The predictions are not distributed as they were.",
    "missing": "Data is missing that used to be there, or the other way round.",
    "unseen": "The model meets values that it has never seen.",
}


_INPUTS = frozenset({"shift", "missing", "unseen"})
_RETRAINING = "picklefleet retrain status"


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do; `command` may be empty."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`word` is a severity, `snoozed` or `recovered`."""

    word: str
    sentence: str
    cause: str
    subject: str
    steps: tuple[Step, ...]


def verdict_of(report: Mapping[str, Any], found: Heard, moved: Changes) -> Verdict:
    word = _word(report, found, moved)
    short = _short(report, word, found, moved)
    subject = (
        f"[{word}] {name_of(report['model'], 32)} {report['version']}: {short} (night {report['night']})"
    )
    return Verdict(
        word,
        _sentence(word, found),
        _cause(report, found),
        printable(subject)[:SUBJECT_WIDTH],
        tuple(_steps(report, word, found)),
    )


def _sentence(word: str, found: Heard) -> str:
    if found.loud and found.loud[0].severity.rank > Severity.WATCH.rank:
        return _BY_KIND.get(found.loud[0].kind, _SENTENCES[word])
    return _SENTENCES[word]


def _word(report: Mapping[str, Any], found: Heard, moved: Changes) -> str:
    if found.loud:
        return found.loud[0].severity.value
    if found.quiet:
        return SNOOZED
    severity: str = report["severity"]
    return RECOVERED if severity == Severity.OK.value and moved.over else severity


def _short(report: Mapping[str, Any], word: str, found: Heard, moved: Changes) -> str:
    if found.loud:
        more = f", {len(found.loud) - 1} more" if len(found.loud) > 1 else ""
        silent = f", {len(found.quiet)} snoozed" if found.quiet else ""
        return f"{found.loud[0].short}{more}{silent}"
    if word == SNOOZED:
        return joined(tuple(name_of(one.name, 32) for one, _ in found.quiet), 2)
    if word == RECOVERED:
        return f"{joined(tuple(name_of(one.name, 32) for one in moved.over), 2)} as usual again"
    if word == Severity.NO_DATA.value:
        return f"{counted(leading(report)['rows'], 'row')}, too few to judge"
    return "all as usual"


def _cause(report: Mapping[str, Any], found: Heard) -> str:
    if not found.loud:
        return ""
    worst = found.loud[0]
    inputs = [one for one in found.loud if one.kind in _INPUTS]
    if worst.kind == PERFORMANCE:
        return _cause_of_performance(report, inputs)
    if worst.kind == "score":
        beside = f" Among the inputs, look at this first: {inputs[0].short}." if inputs else ""
        return f"The predictions shifted.{beside or ' No single input explains it.'}"
    return _cause_of_column(worst)


def _cause_of_performance(report: Mapping[str, Any], inputs: list[Condition]) -> str:
    if inputs:
        return f"The inputs: {inputs[0].short}."
    source = leading(report)["drift"]["performance"]["source"]
    if source == "realised":
        return (
            "Labels or concept: the inputs look as usual, but the true values no longer fit the predictions."
        )
    return "The rows are harder: the model is less sure of itself, though no single input stands out."


def _cause_of_column(worst: Condition) -> str:
    name = name_of(worst.name)
    if worst.kind == "missing":
        return f"Missing data: {worst.short}. See what feeds {name}."
    if worst.kind == "unseen":
        return f"New values: {worst.short}. The model never met them."
    if worst.kind == "broken":
        return f"The data: {worst.short}."
    course = {
        "sudden": f"{name} changed suddenly: the last weeks were not like this. Look at what feeds it.",
        "gradual or seasonal": f"{name} has been moving for weeks: a season, or a slow change of the world.",
    }
    return course.get(worst.course or "", f"{name} is not distributed as in the reference.")


def _steps(report: Mapping[str, Any], word: str, found: Heard) -> Iterator[Step]:
    """The first is *the* next command."""
    night = report["night"]
    explain = f"picklefleet report show {night} --explain"
    column = next((one for one in found.loud if one.kind != PERFORMANCE), None)
    seen = next((one for one in found.loud if one.kind in _INPUTS), None)
    if report["decision"]["retrain"]:
        yield Step("A challenger was asked for. See how far it is:", _RETRAINING)
    if found.loud and found.loud[0].kind == PERFORMANCE:
        by = f" --segment {shlex.quote(seen.name)}" if seen and _speakable(seen.name) else ""
        yield Step("See where the model is wrong:", f"picklefleet performance --last {night}{by}")
    elif found.loud:
        yield Step("See every test, limit and note:", explain)
    elif word == Severity.NO_DATA.value:
        yield Step("See whether predictions reach the store:", "picklefleet performance --last 2d")
    else:
        yield Step("Nothing needs to be done. The whole table:", explain)
    if column and column.severity is not Severity.SEVERE and _speakable(column.name):
        command = f"picklefleet report snooze {shlex.quote(column.name)} --for 14d --reason 'known'"
        yield Step("You know of it and can wait:", command)
    if report["bad"] and not report["decision"]["retrain"]:
        yield Step("See what is being retrained, and ask for it yourself:", _RETRAINING)


def _speakable(name: str) -> bool:
    """A name that can't be seen or is very long is no part of a command to copy."""
    return name.isprintable() and len(name) <= 80 and not name.startswith("-")
