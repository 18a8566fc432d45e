"""What the page about a year of nights tells of each month."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

PAGE = "a-year-of-flights.md"
BEGIN, END = "<!-- written by make year -->\n", "<!-- the end of what make year writes -->\n"
SEVERITIES = ("ok", "watch", "drift", "severe")
FOUND = SEVERITIES[1:]
METRIC = "roc_auc"

Report = dict[str, Any]


def write_page(reports: Sequence[Report], folder: Path) -> None:
    """The table goes between its marks in the page; what people wrote around it stays."""
    page = folder / PAGE
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(before + BEGIN + "\n".join(months(reports)) + "\n" + END + after)


def months(reports: Sequence[Report]) -> Iterator[str]:
    yield "| | nights | ok | watch | drift | severe | found most often (nights) | realised | estimated | held |"
    yield "|---|--:|--:|--:|--:|--:|---|--:|--:|--:|"
    for month, of_month in groupby(reports, key=lambda report: night_of(report).replace(day=1)):
        yield _month(month, list(of_month))


def _month(month: date, reports: list[Report]) -> str:
    severities = Counter(report["severity"] for report in reports)
    found = Counter(
        name for report in reports for name, severity in by_column(report).items() if severity in FOUND
    )
    most = ", ".join(f"{name} {nights}" for name, nights in found.most_common(4)) or "nothing"
    pairs = [pair for report in reports if (pair := both(report)) is not None]
    held = sum(guess["low"] <= true["value"] <= guess["high"] for true, guess in pairs)
    counts = " | ".join(str(severities[one]) for one in SEVERITIES)
    return (
        f"| {month:%B} | {len(reports)} | {counts} | {most} | {_mean(true for true, _ in pairs)} | "
        f"{_mean(guess for _, guess in pairs)} | {held} of {len(pairs)} |"
    )


def _mean(figures: Iterator[dict[str, float]]) -> str:
    values = [figure["value"] for figure in figures]
    return f"{fmean(values):.3f}" if values else ""


def by_column(report: Report) -> dict[str, str]:
    """Feature or score → its severity that night."""
    drift = report["versions"][0]["drift"]
    return {one["name"]: one["severity"] for one in (*drift["features"], *drift["scores"])}


def both(report: Report) -> tuple[dict[str, float], dict[str, float]] | None:
    """The realised and the estimated figure of a night that has both."""
    version = report["versions"][0]
    true = version["realised"].get(METRIC)
    guess = (version["estimated"] or {"figures": {}})["figures"].get(METRIC)
    return (true, guess) if true and guess and true["value"] is not None else None


def night_of(report: Report) -> date:
    return date.fromisoformat(report["night"])
