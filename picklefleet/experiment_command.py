"""`picklefleet experiment`: an A/B test between the champion and a challenger, decided by what really happened."""

import getpass
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from lifecycle import clock
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.errors import NotFoundError
from lifecycle.gate.evidence import Evidence
from lifecycle.gate.judge import Demands, Judgement, judge
from lifecycle.measurements.fleet import minute_of, of_version
from lifecycle.window import Window
from picklefleet.bars import bar
from picklefleet.rollout_parts import Parts
from release.experiment.judging import Reading, read
from release.experiment.record import Experiment, Experiments, experiments_in
from release.experiment.running import ensure_running, prepare, start, stop
from release.experiment.sizing import Design
from release.experiment.units import read_arms
from release.measured_minutes import first_open_minute
from release.rollout.evidence import rate_of
from release.series import Ended, event

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_REASON = click.option("--reason", default="", help="Why, for the history.")


@click.group(cls=CommandGroup)
def experiment() -> None:
    """Compare two versions on shares of the units, by one metric: how often the answer was right.

    What it shall show is fixed before it starts. It may be looked at any time: its intervals hold at every look.
    """


@experiment.command("start")
@click.argument("version")
@click.option(
    "--share", type=float, default=50, show_default=True, help="The challenger's share of units, in percent."
)
@click.option(
    "--effect", type=float, required=True, help="The difference that matters, in points of the metric."
)
@click.option("--baseline", type=float, required=True, help="The champion's metric now, in percent.")
@click.option(
    "--power", type=float, default=0.8, show_default=True, help="The chance to see that difference."
)
@click.option("--tolerance", type=float, help="For numbers: an answer this near to the true one is right.")
@click.option("--dry-run", is_flag=True, help="Say how many units it needs, and start nothing.")
@_REASON
@_JSON
def start_command(*, version: str, dry_run: bool, as_json: bool, **told: Any) -> None:
    """Give VERSION its share of the units, and say how many labelled ones are needed."""
    parts = Parts.open()
    design = Design(told["share"] / 100, told["effect"] / 100, told["baseline"] / 100, told["power"])
    experiments = _experiments(parts)
    prepared = prepare(
        experiments,
        parts.rollouts,
        parts.journal,
        version,
        design,
        tolerance=told["tolerance"],
        by=getpass.getuser(),
        reason=told["reason"],
    )
    if not dry_run:
        with parts.claimed():
            prepared = start(experiments, parts.journal, prepared, parts.key)
    rate = rate_of(parts.fleet.read(minute_of(clock.now()) - 40), clock.now())
    if as_json:
        echo_json(_document(prepared) | {"needed": design.units(), "requests_a_minute": rate})
        return
    begun = "would be" if dry_run else "is"
    click.echo(
        f"{version} {begun} given {told['share']:g} % of the units, beside {prepared.champion.version}."
    )
    click.echo(
        f"It takes about {design.units():,} labelled units to see {told['effect']:g} points.{_days(design, rate)}"
    )


@experiment.command("status")
@_JSON
def status_command(as_json: bool) -> None:
    """Show what it has shown so far: the metric, its interval, the guardrails, and whether the arms are as planned."""
    parts = Parts.open()
    newest = _experiments(parts).newest()
    if newest is None:
        raise NotFoundError(
            "There was no experiment yet.",
            fix="Start one: picklefleet experiment start v2 --effect 2 --baseline 70",
        )
    ended = _experiments(parts).ended(newest)
    reading = _read(parts, newest, ended)
    if as_json:
        echo_json(_document(newest, reading, ended, parts))
        return
    for line in _lines(newest, reading, ended):
        click.echo(line)


@experiment.command("check")
@_JSON
def check_command(as_json: bool) -> None:
    """Look, keep the result, and stop it where it must be: arms not as planned, or a guardrail. For a timer."""
    parts = Parts.open()
    running = _running(parts)
    with parts.claimed():
        ensure_running(parts.journal, running, parts.key)
        reading = _read(parts, running, None)
        ended = _keep(parts, running, reading)
    if as_json:
        echo_json(_document(running, reading, ended, parts))
    else:
        click.echo(f"Stopped. {reading.told}" if ended else reading.told)


@experiment.command("stop")
@click.option(
    "--promote", is_flag=True, help="The challenger becomes champion; without it everybody goes back."
)
@_REASON
def stop_command(promote: bool, reason: str) -> None:
    """End it, and keep what it had shown in the decision log."""
    parts = Parts.open()
    running = _running(parts)
    reading = _read(parts, running, None)
    told = reason or reading.told
    with parts.claimed():
        _log(parts, running, reading, told)
        _stop(parts, running, told, promote=promote)
    answers = running.challenger.version if promote else running.champion.version
    click.echo(f"Experiment {running.number} has ended; {answers} answers everybody. {reading.told}")


def _experiments(parts: Parts) -> Experiments:
    return experiments_in(parts.rollouts.control, parts.rollouts.trust)


def _running(parts: Parts) -> Experiment:
    running = _experiments(parts).open()
    if running is None:
        raise NotFoundError("No experiment is running.", fix="See picklefleet experiment status.")
    return running


def _keep(parts: Parts, running: Experiment, reading: Reading) -> Ended | None:
    _log(parts, running, reading, reading.told)
    return _stop(parts, running, reading.told, promote=False) if reading.must_stop else None


def _log(parts: Parts, running: Experiment, reading: Reading, told: str) -> None:
    _experiments(parts).tell(running, event("looked", told, getpass.getuser(), evidence=asdict(reading)))


def _stop(parts: Parts, running: Experiment, told: str, *, promote: bool) -> Ended:
    return stop(
        _experiments(parts),
        parts.journal,
        running,
        parts.key,
        promote=promote,
        by=getpass.getuser(),
        told=told,
    )


def _read(parts: Parts, shown: Experiment, ended: Ended | None) -> Reading:
    """From its start to now, or to its end."""
    until = clock.now() if ended is None else datetime.fromisoformat(ended.at)
    window = Window(datetime.fromisoformat(shown.started_at), until)
    signature = parts.journal.registry.manifest(shown.champion.digest).signature
    arms = read_arms(parts.log, window, (shown.challenger, shown.champion), signature, shown.tolerance)
    return read(shown.design, arms, _guardrails(parts, shown, window), ended=ended is not None)


def _guardrails(parts: Parts, shown: Experiment, window: Window) -> Judgement | None:
    """Errors and latency, by the same gate that rollouts ask."""
    first, until = minute_of(window.start) + 1, first_open_minute(window.end)
    fleet = parts.fleet.read(first)
    minutes = {m: cells for m, cells in fleet.everywhere().items() if first <= m < until}
    if not minutes:
        return None
    challenger, champion = (
        of_version(minutes, ref.version, "live") for ref in (shown.challenger, shown.champion)
    )
    ratio = shown.design.share / (1 - shown.design.share)
    evidence = Evidence(challenger, champion, until, (first,), ratio, fleet.newest_minute)
    return judge(evidence, Demands(("errors", "latency"), min_requests=0))


def _days(design: Design, rate: float | None) -> str:
    return (
        f" At today's rate that is {design.units() / rate / 1440:,.1f} days, if all are labelled."
        if rate
        else ""
    )


def _lines(shown: Experiment, reading: Reading, ended: Ended | None) -> Iterator[str]:
    design = shown.design
    yield (
        f"Experiment {shown.number}: {shown.challenger.version} at {design.share:.0%} beside "
        f"{shown.champion.version}, by {shown.by} since {shown.started_at[:16].replace('T', ' ')} UTC"
    )
    sides = zip(("challenger", "champion"), reading.units, reading.labelled, strict=True)
    for (name, units, labelled), value in zip(sides, (reading.challenger, reading.champion), strict=True):
        yield f"  {name:<11} {units:>9,} units, {labelled:>9,} labelled   right {value:8.2%}"
    drawn = bar(reading.challenger - reading.champion, reading.low, reading.high, first=-0.2, last=0.2)
    yield f"  difference  {reading.low:+.2%} to {reading.high:+.2%} at any look (95 %)   {drawn}"
    yield f"  planned     {design.effect:.2%} matter; {sum(reading.labelled):,} of {reading.needed:,} labelled units"
    yield f"  shares      p = {reading.srm_p:.3g} of the planned ones; {reading.crossed:,} units saw both versions"
    yield f"  {reading.result}: {reading.told}"
    if ended is not None:
        yield f"Ended: {ended.outcome}. {ended.told}"


def _document(
    shown: Experiment, reading: Reading | None = None, ended: Ended | None = None, parts: Parts | None = None
) -> dict[str, Any]:
    events = [] if parts is None or not shown.number else _experiments(parts).events(shown)
    return {
        "experiment": asdict(shown) | {"signature": None},
        "reading": None if reading is None else asdict(reading),
        "ended": None if ended is None else asdict(ended),
        "decisions": [asdict(one) for one in events],
    }
