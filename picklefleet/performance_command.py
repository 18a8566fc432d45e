"""`picklefleet performance`: what the model reached where the true values came back."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import click

from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.adapters.dask import opened_workers
from lifecycle.adapters.opening import open_records, open_registry
from lifecycle.command_line import echo_json
from lifecycle.machine import MachineDirectory
from lifecycle.performance.intervals import Figure
from lifecycle.performance.of_window import Measured, Performance, performance_of
from lifecycle.performance.titles import FROM_0_TO_1, metric_title
from lifecycle.prediction_log.reading import Coverage, PredictionLog
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.spool_files import spool_files
from lifecycle.settings import Settings
from lifecycle.window import parse
from picklefleet.bars import bar, scale_line

FEW_ROWS = 20  # drawing rows again and again tells nothing of so few
_OF_POSITIVE = frozenset({"precision", "recall", "f1"})
_UNDEFINED = Figure(math.nan, math.nan, math.nan, 0)


@click.command()
@click.option(
    "--last", default="7d", show_default=True, help="7d, 24h, a day, or days such as 2013-01-01..2013-02-01."
)
@click.option("--segment", metavar="FEATURE", help="Also for each value, or fifth, of this feature.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def performance(last: str, segment: str | None, as_json: bool) -> None:
    """Show realised performance by the time of prediction, with a 95 % interval on every figure.

    It tells first how many predictions have a true value: figures of the few labelled ones may mislead.
    """
    settings = settings_module.load()
    window = parse(last, clock.now())
    with opened_workers(settings) as workers:
        found = performance_of(
            replace(_log(settings), workers=workers), window, _signatures(settings), segment
        )
    if as_json:
        echo_json(_document(found))
        return
    waiting = len(spool_files(MachineDirectory(settings.machine_dir).spool))
    for line in _lines(found, segment, waiting, settings.seal_age_s):
        click.echo(line)


def _log(settings: Settings) -> PredictionLog:
    records = open_records(settings)
    return PredictionLog(records, SegmentCache(records, MachineDirectory(settings.machine_dir).segments))


def _signatures(settings: Settings) -> dict[str, Any]:
    registry = open_registry(settings)
    return {entry.version: registry.manifest(entry.digest).signature for entry in registry.versions()}


def _lines(found: Performance, segment: str | None, waiting: int, seal_age_s: float) -> Iterator[str]:
    yield f"{found.window.start:%Y-%m-%d %H:%M} to {found.window.end:%Y-%m-%d %H:%M} UTC, by the time of prediction"
    yield from _coverage(found.coverage)
    if waiting:
        yield (
            f"{waiting} spools of this machine are not in the store yet: look again in up to {2 * seal_age_s:.0f} s."
        )
    for version, rows in found.unknown.items():
        yield f"{version} is in no registry here: nothing is said of its {rows:,} rows."
    for one in found.measured:
        if one.segment is None:
            yield ""
            yield from _group(one)
            if segment is not None and found.metric is not None:
                yield from _by_segment(found, one, segment)
    if found.metric and len(found.periods) > 1:
        yield ""
        yield from _over_time(found)


def _coverage(coverage: Coverage) -> Iterator[str]:
    share = f" ({coverage.labelled / coverage.seen:.1%})" if coverage.seen else ""
    late = f", {coverage.late:,} of these after more than a day" if coverage.late else ""
    yield f"Predictions: {coverage.served:,}; with a true value: {coverage.labelled:,}{share}{late}."
    if coverage.dropped:
        yield f"Not recorded: {_by_reason(coverage.dropped)}."
    if coverage.feedback_dropped:
        yield f"True values that could not be kept since then: {_by_reason(coverage.feedback_dropped)}."
    if coverage.conflicts:
        yield f"Told two different values, of which the latest counts: {coverage.conflicts:,}."


def _by_reason(dropped: Mapping[str, int]) -> str:
    reasons = ", ".join(f"{reason} {rows:,}" for reason, rows in sorted(dropped.items()))
    return f"{sum(dropped.values()):,} ({reasons})"


def _group(one: Measured) -> Iterator[str]:
    output = "" if one.output in {"y", ""} else f", {one.output}"
    labels, lag = one.labels, ""
    if labels.median_lag_s is not None and labels.p95_lag_s is not None:
        lag = f"; half of them within {_duration(labels.median_lag_s)}, 95 % within {_duration(labels.p95_lag_s)}"
    yield f"{one.version}{output}: {labels.labelled:,} of {labels.rows:,} labelled ({labels.coverage:.1%}){lag}"
    for name, figure in one.figures.items():
        yield _figure(_title(name, one.positive), figure, bounded=name in FROM_0_TO_1)


def _by_segment(found: Performance, whole: Measured, segment: str) -> Iterator[str]:
    """One line a segment with the leading metric; `--json` has them all."""
    yield f"  {_title(found.metric or '', None)} by {segment}"
    for one in found.measured:
        if one.segment is not None and (one.version, one.output) == (whole.version, whole.output):
            figure = one.figures.get(found.metric or "", _UNDEFINED)
            title = f"  {one.segment[:20]:<20}{one.labels.labelled:6,}"
            yield _figure(title, figure, bounded=found.metric in FROM_0_TO_1)


def _figure(title: str, figure: Figure, *, bounded: bool) -> str:
    if math.isnan(figure.value):
        return f"  {title:<28} not defined for these rows"
    if figure.method == "bootstrap" and figure.n < FEW_ROWS:
        return f"  {title:<28}{figure.value:8.4g}  too few rows for an interval"
    drawn = f"  {bar(figure.value, figure.low, figure.high)}" if bounded else ""
    return f"  {title:<28}{figure.value:8.4g}  {figure.low:8.4g} to {figure.high:<8.4g}{drawn}".rstrip()


def _over_time(found: Performance) -> Iterator[str]:
    figures = [period.figure for period in found.periods]
    low, high = min(one.low for one in figures), max(one.high for one in figures)
    yield f"{_title(found.metric or '', None)} over time, with 95 % intervals"
    yield f"  {'':<16}{'':>18}{scale_line(low, high)}"
    for period in found.periods:
        one = period.figure
        drawn = bar(one.value, one.low, one.high, first=low, last=high)
        yield f"  {period.start:%Y-%m-%d %H:%M}{one.n:8,} {one.value:8.4g} {drawn}"


def _title(name: str, positive: str | None) -> str:
    title = metric_title(name)
    return f"{title} of {positive!r}" if positive is not None and name in _OF_POSITIVE else title


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _document(found: Performance) -> dict[str, Any]:
    coverage = asdict(found.coverage) | {"served": found.coverage.served}
    periods = [{"start": clock.timestamp(one.start), **_plain(one.figure)} for one in found.periods]
    return {
        "window": {"start": clock.timestamp(found.window.start), "end": clock.timestamp(found.window.end)},
        "coverage": coverage,
        "unknown_versions": dict(found.unknown),
        "measured": [_measured(one) for one in found.measured],
        "over_time": {"metric": found.metric, "periods": periods},
    }


def _measured(one: Measured) -> dict[str, Any]:
    return {
        "version": one.version,
        "output": one.output,
        "segment": one.segment,
        "positive": one.positive,
        "labels": asdict(one.labels) | {"coverage": one.labels.coverage},
        "figures": {name: _plain(figure) for name, figure in one.figures.items()},
    }


def _plain(figure: Figure) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(figure).items()
    }
