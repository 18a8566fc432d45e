"""Labels come late: each night scores the nights before it anew. Their own reports stay as they were."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from drift_jobs.judging import realised_in
from drift_jobs.reading import Watched
from drift_jobs.reports import Reports
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.window import Window

NIGHTS = 14


@dataclass(frozen=True, slots=True)
class Rescored:
    """One earlier night by the labels of today. `held`: the estimate's interval has the value that came true."""

    night: str
    metric: str
    labels: int
    coverage: float
    realised: float | None
    estimated: float | None
    held: bool | None


def looking_back(log: PredictionLog, reports: Reports, watched: Watched, night: date) -> list[dict[str, Any]]:
    """The last 14 nights of that version, oldest first."""
    return [asdict(one) for one in _rescored(log, reports, watched, night)]


def _rescored(log: PredictionLog, reports: Reports, watched: Watched, night: date) -> Iterator[Rescored]:
    for back in range(NIGHTS, 0, -1):
        report = reports.find(night - timedelta(days=back))
        entry = None if report is None else _of_version(report, watched.version)
        if entry is not None and entry["rows"] and watched.metric:
            yield _rescore(log, watched, night - timedelta(days=back), entry)


def _of_version(report: dict[str, Any], version: str) -> dict[str, Any] | None:
    return next((one for one in report["versions"] if one["version"] == version), None)


def _rescore(log: PredictionLog, watched: Watched, night: date, entry: dict[str, Any]) -> Rescored:
    window = Window(*(datetime.fromisoformat(entry["window"][edge]) for edge in ("start", "end")))
    labels, figures = realised_in(log, window, watched)
    figure = figures.get(watched.metric)
    value = None if figure is None or math.isnan(figure.value) else figure.value
    guess = (entry["estimated"] or {"figures": {}})["figures"].get(watched.metric)
    held = None if value is None or guess is None else guess["low"] <= value <= guess["high"]
    estimated = None if guess is None else guess["value"]
    return Rescored(
        night.isoformat(), watched.metric, labels.labelled, labels.coverage, value, estimated, held
    )
