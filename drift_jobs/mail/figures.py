"""Performance as lines of a mail: what came true, what is estimated, and how far either can be believed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drift_jobs.mail.wording import counted, number, share
from lifecycle.performance.titles import FROM_0_TO_1, metric_title

_FEW = 20  # an interval of so few rows says nothing


@dataclass(frozen=True, slots=True)
class Told:
    """A value and its 95 % interval, either of them empty where there is none; `line` is both."""

    value: str = ""
    interval: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class FigureRow:
    title: str
    realised: Told
    estimated: Told
    primary: bool


def figure_rows(entry: Mapping[str, Any]) -> tuple[FigureRow, ...]:
    """The metric that is judged comes first."""
    verdict = entry["drift"]["performance"]
    primary = verdict["metric"] if verdict else ""
    guessed = (entry["estimated"] or {"figures": {}})["figures"]
    names = [*entry["realised"], *(name for name in guessed if name not in entry["realised"])]
    rows = (
        FigureRow(
            metric_title(name),
            _figure(name, entry["realised"].get(name)),
            _figure(name, guessed.get(name)),
            name == primary,
        )
        for name in sorted(names, key=lambda name: name != primary)
    )
    return tuple(row for row in rows if row.realised.value or row.estimated.value)


def performance_lines(report: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[str]:
    verdict, labels, guess = entry["drift"]["performance"], entry["labels"], entry["estimated"]
    if verdict is not None:
        yield verdict["reason"]
    yield f"True values for {labels['labelled']:,} of {counted(labels['rows'], 'prediction')} ({share(labels['coverage'])})."
    for one in () if guess is None else guess["assumptions"]:
        if one["holds"] is False:
            yield f"Do not trust the estimate, for this does not hold: {one['sentence']}"
    scored = [night for night in report["looking_back"] if night["held"] is not None]
    if scored:
        held = sum(night["held"] for night in scored)
        yield f"Of the last {counted(len(scored), 'estimate')}, {held} had the value that came true in the interval."


def _figure(name: str, figure: Mapping[str, Any] | None) -> Told:
    if figure is None or figure["value"] is None or not figure["n"]:
        return Told()
    value, low, high = number(figure["value"]), figure["low"], figure["high"]
    if low is None or high is None or figure["n"] < _FEW:
        return Told(value, "", value)
    if name in FROM_0_TO_1:
        low, high = max(low, 0.0), min(high, 1.0)
    interval = f"{number(low)} to {number(high)}"
    return Told(value, interval, f"{value} ({interval})")
