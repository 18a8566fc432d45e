"""Realised performance of a window of the log: by version, by segment and over time, each figure with its interval."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from lifecycle.errors import NotFoundError
from lifecycle.performance.intervals import REPEATS, Figure
from lifecycle.performance.metrics import Array
from lifecycle.performance.outcomes import Outcomes, OutputColumns, joined
from lifecycle.performance.realised import Labels, labels_of, realised
from lifecycle.performance.segment_names import segments_of
from lifecycle.prediction_log.hour_files import HourFiles, Rows, Selection
from lifecycle.prediction_log.reading import Coverage, PredictionLog
from lifecycle.prediction_log.record_schema import input_columns
from lifecycle.signature import Signature
from lifecycle.window import Window

ALL_VERSIONS = "all"
BOOTSTRAP_ROWS = 20_000_000  # drawn at most: an interval over millions of rows needs few draws
MIN_REPEATS = 40
HOURLY_UP_TO = timedelta(days=2)
LEADING = ("roc_auc", "log_loss", "mae", "accuracy")


@dataclass(frozen=True, slots=True)
class Measured:
    """One output of one version, for all its rows or for a segment. `positive` is what precision, recall and F1 are of."""

    version: str
    output: str
    segment: str | None
    positive: str | None
    labels: Labels
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Period:
    """The first output's leading metric in one hour or day of the window."""

    start: datetime
    figure: Figure


@dataclass(frozen=True, slots=True)
class Performance:
    """`unknown` are versions in the log that the registry does not know, with their rows: nothing is said of them."""

    window: Window
    coverage: Coverage
    measured: tuple[Measured, ...]
    metric: str | None
    periods: tuple[Period, ...]
    unknown: Mapping[str, int]


def performance_of(
    log: PredictionLog,
    window: Window,
    signatures: Mapping[str, Signature],
    segment: str | None = None,
) -> Performance:
    """`signatures` by version. Raises NotFoundError when no version records a feature named `segment`."""
    served = _rows_by_version(log, window)
    known = {version: rows for version, rows in served.items() if version in signatures}
    if segment is not None:
        _check_recorded(segment, [signatures[version] for version in known])
    measured: list[Measured] = []
    firsts: list[Outcomes] = []
    for version, rows in known.items():
        found = _Reading(log, window, version, signatures[version], segment).outcomes()
        for one in found.by_output:
            measured += _measured(version, one, rows, found.segments)
        firsts += found.by_output[:1]
    if len({one.output for one in firsts}) == 1:
        together = joined(firsts)
        if len(known) > 1:
            measured += _measured(ALL_VERSIONS, together, sum(known.values()), None)
        metric, periods = _over_time(together, window)
    else:
        metric, periods = None, ()
    unknown = {version: rows for version, rows in served.items() if version not in signatures}
    return Performance(window, log.coverage(window), tuple(measured), metric, periods, unknown)


def first_output_of(
    log: PredictionLog, window: Window, version: str, signature: Signature
) -> Measured | None:
    """One version's first output, and nothing else of the window; None where it has no rows."""
    rows = _rows_by_version(log, window).get(version, 0)
    found = _Reading(log, window, version, signature, None).outcomes().by_output[:1] if rows else []
    return next((_one(version, None, one, rows, one.positive) for one in found), None)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """`segments` are the segment's values of all rows, labelled or not; None where no segment was asked for."""

    by_output: list[Outcomes]
    segments: Array | None


@dataclass(frozen=True, slots=True)
class _Reading:
    log: PredictionLog
    window: Window
    version: str
    signature: Signature
    segment: str | None

    def outcomes(self) -> _Found:
        outputs = [
            OutputColumns.of(self.signature, index)
            for index, output in enumerate(self.signature.outputs)
            if output.task != "transform"
        ]
        column = None if self.segment is None else input_columns(self.signature).get(self.segment)
        names = ["at_ms", *(name for one in outputs for name in one.names), *([column] if column else [])]
        found: list[list[Outcomes]] = [[] for _ in outputs]
        values: list[Array] = []
        for batch in self._batches(names, all_rows=column is not None):
            values += [batch[column]] if column else []
            labelled = _labelled(batch)
            for place, one in zip(found, outputs, strict=True):
                place.append(one.read(labelled, column))
        return _Found([joined(parts) for parts in found if parts], np.concatenate(values) if values else None)

    def _batches(self, names: list[str], *, all_rows: bool) -> Iterator[Rows]:
        which = Selection(version=self.version)
        return self.log.labelled(self.window, names, which, all_rows=all_rows)


def _labelled(batch: Rows) -> Rows:
    where = np.array([text is not None for text in batch["actual"].tolist()], dtype=bool)
    return {name: values[where] for name, values in batch.items()}


def _rows_by_version(log: PredictionLog, window: Window) -> dict[str, int]:
    return dict(sorted((log.map_hours(window, _count_versions, _add) or {}).items()))


def _count_versions(hour: HourFiles) -> dict[str, int]:
    return dict(hour.query(["version"], "SELECT version, count(*) FROM predictions GROUP BY version"))


def _add(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {version: one.get(version, 0) + other.get(version, 0) for version in one.keys() | other.keys()}


def _measured(version: str, outcomes: Outcomes, rows: int, segments: Array | None) -> Iterator[Measured]:
    positive = outcomes.positive
    yield _one(version, None, outcomes, rows, positive)
    if segments is None:
        return
    made = segments_of(segments)
    of_all, of_labelled = made.name_of(segments), made.name_of(outcomes.segment)
    for title in made.titles:
        total = int(np.count_nonzero(of_all == title))
        where = np.flatnonzero(of_labelled == title)
        if total:
            yield _one(version, title, outcomes.rows(where), total, positive)


def _one(version: str, segment: str | None, outcomes: Outcomes, rows: int, positive: int | None) -> Measured:
    output = outcomes.output
    label = None if positive is None else str(output.labels[positive])
    figures = _figures(outcomes, positive) if len(outcomes) else {}
    return Measured(version, output.name, segment, label, labels_of(rows, outcomes.lags_s), figures)


def _figures(outcomes: Outcomes, positive: int | None) -> dict[str, Figure]:
    """What needs probabilities is told of the rows that were answered with them."""
    complete: Array = np.isnan(outcomes.shares).sum(axis=1) == 0
    if complete.all():
        return _realised(outcomes, positive, with_shares=True)
    of_all = _realised(outcomes, positive, with_shares=False)
    if not complete.any():
        return of_all
    return _realised(outcomes.rows(complete), positive, with_shares=True) | of_all


def _realised(outcomes: Outcomes, positive: int | None, *, with_shares: bool) -> dict[str, Figure]:
    repeats = min(REPEATS, max(MIN_REPEATS, BOOTSTRAP_ROWS // len(outcomes)))
    answered = outcomes.answered(positive, with_shares=with_shares)
    return realised(answered, outcomes.true(), repeats=repeats)


def _over_time(outcomes: Outcomes, window: Window) -> tuple[str | None, tuple[Period, ...]]:
    """By hour in a short window, else by day; the positive label is that of all rows."""
    if not len(outcomes):
        return None, ()
    positive = outcomes.positive
    of_all = _figures(outcomes, positive)
    metric = next(name for name in LEADING if name in of_all)
    step = timedelta(hours=1) if window.end - window.start <= HOURLY_UP_TO else timedelta(days=1)
    places = outcomes.at_ms // (step // timedelta(milliseconds=1))
    periods = [
        Period(datetime.fromtimestamp(int(place) * step.total_seconds(), UTC), figures[metric])
        for place in np.unique(places)
        if metric in (figures := _figures(outcomes.rows(places == place), positive))
    ]
    return metric, tuple(periods)


def _check_recorded(feature: str, signatures: list[Signature]) -> None:
    recorded = {name for signature in signatures for name in input_columns(signature)}
    if signatures and feature not in recorded:
        raise NotFoundError(
            f"No feature {feature!r} is recorded.", fix=f"Recorded: {', '.join(sorted(recorded))}."
        )
