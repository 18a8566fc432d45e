"""Which letters there are: a night's report, the notice that one is missing, and a test."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from drift_jobs.mail.letter import LIMIT_BYTES, Letter, as_bytes, in_letter
from drift_jobs.mail.page import Detail, Page, page_of
from drift_jobs.mail.rendering import night_html, night_text, notice_html, notice_text
from drift_jobs.mail.snoozes import Snooze
from drift_jobs.mail.verdict import SNOOZED
from drift_jobs.mail.wording import counted, joined, name_of
from lifecycle.drift.severity import Severity

# the first that fits is taken
_DETAILS = (Detail(), Detail(pictures=1, heat=4), Detail(rows=8, pictures=0, heat=0, versions=3))
_NO_NEWS = frozenset({Severity.OK.value, SNOOZED})
_SOMEBODY = "picklefleet@example.org"  # only to measure a letter with


def night_key(report: Mapping[str, Any]) -> str:
    return f"{report['night']}-night-{report['version']}"


def night_letter(
    report: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
    snoozes: Mapping[str, Snooze],
    *,
    link: str = "",
) -> Letter:
    """Below 100 kB, whatever the model's columns are."""
    for detail in _DETAILS:
        page = page_of(report, earlier, snoozes, detail=detail, link=link)
        letter = _of_page(page, night_key(report), str(report["model"]))
        if len(as_bytes(letter, _SOMEBODY, (_SOMEBODY,))) < LIMIT_BYTES:
            break
    return letter


def plain_letter(report: Mapping[str, Any]) -> Letter:
    """For a night whose page can't be made: a bug of ours must not keep its verdict from people."""
    severity, night = report["severity"], report["night"]
    words: dict[str, Any] = {
        "word": severity,
        "sentence": f"{name_of(report['model'])} {report['version']}, night {night}: {severity}.",
        "lines": ["The whole mail could not be made; the worker's log says why.", *report["evidence"][:20]],
        "steps": [("See the report:", f"picklefleet report show {night} --explain")],
    }
    subject = f"[{severity}] {name_of(report['model'], 32)} {report['version']} (night {night})"
    return replace(_notice(night_key(report), subject, words), model=str(report["model"]))


def missing_key(nights: Sequence[date]) -> str:
    return f"{max(nights).isoformat()}-missing"


def missing_letter(nights: Sequence[date], due_hours: int) -> Letter:
    """The dead man's switch: said of each night once, the newest names the letter."""
    dates = tuple(night.isoformat() for night in sorted(nights))
    what = counted(len(dates), "report")
    words: dict[str, Any] = {
        "word": "missing",
        "sentence": f"{what} did not come: {joined(dates, 7)}.",
        "lines": [
            f"Each should have been there {due_hours} hours ago. Nothing is known of the model since then.",
            "This mail says that nobody looked, not that all is well.",
            "Predictions are served without the worker: what is broken is the looking, not the service.",
        ],
        "steps": [
            ("See what the worker says, and whether it runs:", "picklefleet work"),
            ("Judge the oldest by hand:", f"picklefleet work --once {dates[0]}"),
        ],
    }
    subject = f"[missing] {what} missing: {joined(dates, 3)}"
    return _notice(missing_key(nights), subject, words)


def alarm_letter(key: str, title: str, sentence: str, step: tuple[str, str], *, over: bool) -> Letter:
    """An alarm of the watch began, or is over."""
    word = "over" if over else "alarm"
    words: dict[str, Any] = {
        "word": word,
        "sentence": f"{title}: it is over." if over else f"{title}.",
        "lines": [sentence],
        "steps": [] if over else [step],
    }
    return _notice(key, f"[{word}] {title}", words)


def trial_letter(key: str) -> Letter:
    words: dict[str, Any] = {
        "word": "test",
        "sentence": "Mail from Picklefleet arrives here.",
        "lines": ["Somebody ran “picklefleet report mail --test”. Nights will be reported to this address."],
        "steps": [("See how a night's report looks:", "picklefleet report preview")],
    }
    return _notice(key, "[test] Mail from Picklefleet arrives", words)


def _of_page(page: Page, key: str, model: str) -> Letter:
    pictures = [*page.pictures, *(row.picture for row in page.heat), *([page.course] if page.course else [])]
    return Letter(
        key,
        page.verdict.subject,
        night_text(page),
        night_html(page, in_letter),
        tuple((picture.name, picture.png) for picture in pictures),
        news=page.verdict.word not in _NO_NEWS,
        model=model,
    )


def _notice(key: str, subject: str, words: dict[str, Any]) -> Letter:
    return Letter(key, subject, notice_text(words), notice_html(subject, words))
