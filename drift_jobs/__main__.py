"""Commands of the nights: the worker, one night by hand, drift of any window, and the kept reports."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click

from drift_jobs.night_options import Nights
from lifecycle.command_line import echo_json


@click.command()
@click.option("--once", type=Nights(), help="Judge this night, or these nights in turn, and end.")
@click.option("--explain", is_flag=True, help="Show every test, limit and note.")
@click.option("--dry-run", is_flag=True, help="Judge, and write nothing.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the report as JSON; of several nights a line each."
)
@click.option("--judge-into", type=click.Path(path_type=Path), hidden=True)
def work(
    once: tuple[date, ...], explain: bool, dry_run: bool, as_json: bool, judge_into: Path | None
) -> None:
    """Judge every night that is over, exactly once however many workers there are.

    A report is never rewritten: a night that was judged before is shown again.
    """
    from drift_jobs.worker import run

    if not once:
        _show_heartbeat()
        with _telling() as metrics:
            rounds = _rounds(metrics)
            run(rounds, _log_keeping(), rounds.post, open_checker(rounds.post.mailer, metrics))
    elif judge_into is not None:
        _judge_into(once[0], judge_into)
    else:
        for report in _in_turn(once, dry_run=dry_run):
            if len(once) == 1:
                show_report(report, as_json, explain)
            else:
                _tell_shortly(report, as_json)


def _in_turn(nights: tuple[date, ...], *, dry_run: bool) -> Iterator[dict[str, Any]]:
    from drift_jobs.night import judge_night

    if not dry_run:
        rounds = _rounds()
        yield from (_make(rounds, night) for night in nights)
        return
    with _place_on_workers() as place:
        yield from (judge_night(place, night) for night in nights)


def _tell_shortly(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report, separators=(",", ":")))
    else:
        click.echo(f"{report['night']}  {report['severity']:<8} {report['decision']['reason']}")


@click.command()
@click.option(
    "--window",
    default="7d",
    show_default=True,
    help="7d, 24h, a day, or days such as 2013-01-01..2013-02-01.",
)
@click.option("--explain", is_flag=True, help="Show every test, limit and note.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def drift(window: str, explain: bool, as_json: bool) -> None:
    """Show how a stretch of time differs from the reference; writes nothing."""
    from drift_jobs.judging import judge_window
    from drift_jobs.night import watched_in
    from drift_jobs.presentation import present_version
    from lifecycle import clock
    from lifecycle.window import parse

    stretch = parse(window, clock.now())
    with _place_on_workers() as place:
        judged = [
            judge_window(place.log, watched, stretch).to_document() for watched in watched_in(place, stretch)
        ]
    if as_json:
        echo_json({"window": str(stretch), "versions": judged})
        return
    click.echo(
        f"{stretch.start:%Y-%m-%d %H:%M} to {stretch.end:%Y-%m-%d %H:%M} UTC, by the time of prediction"
    )
    for version in judged:
        for line in present_version(version, explain=explain):
            click.echo(line)


def show_report(report: dict[str, Any], as_json: bool, explain: bool) -> None:
    from drift_jobs.presentation import present

    if as_json:
        echo_json(report)
        return
    for line in present(report, explain=explain):
        click.echo(line)


def _make(rounds: Any, night: date) -> dict[str, Any]:
    from lifecycle.claims import ClaimHeldError

    reports = rounds.place.reports
    if not reports.exists(night) and rounds.make(night):
        rounds.post.once()
    found: dict[str, Any] | None = reports.find(night)
    if found is None:
        raise ClaimHeldError(
            f"Another worker is at the night {night}.", fix="Wait for its report, or 15 minutes if it died."
        )
    return found


def _judge_into(night: date, path: Path) -> None:
    """The child of a worker: its report, or what went wrong, goes into a file."""
    import msgspec

    from drift_jobs.child import FAILED, limit_this_process
    from drift_jobs.night import ensure_references, judge_night
    from drift_jobs.rounds import LIMIT_S
    from lifecycle.errors import PicklefleetError

    limit_this_process(LIMIT_S)
    try:
        with _place_on_workers() as place:
            ensure_references(place, night)
            path.write_bytes(msgspec.json.encode(judge_night(place, night)))
    except PicklefleetError as problem:
        path.write_bytes(msgspec.json.encode({"message": problem.message, "fix": problem.fix}))
        sys.exit(FAILED)


def _show_heartbeat() -> None:
    import threading

    from lifecycle import settings as settings_module
    from lifecycle.heartbeats import keep_beating

    keep_beating(settings_module.load(), "worker", lambda: True, threading.Event())


@contextmanager
def _telling() -> Iterator[Any]:
    """Every sink of metrics; one that adds up by the minute tells once more at the end."""
    import threading

    from lifecycle import settings as settings_module
    from lifecycle.adapters.azure_monitor import open_all_metrics, open_azure_monitor

    settings, stop = settings_module.load(), threading.Event()
    monitor = open_azure_monitor(settings, "worker", settings.machine_dir / "azure-monitor-worker")
    thread = threading.Thread(target=monitor.run, args=(stop,), name="azure-monitor") if monitor else None
    if thread is not None:
        thread.start()
    try:
        yield open_all_metrics(settings, monitor)
    finally:
        stop.set()
        if thread is not None:
            thread.join()


def _rounds(metrics: Any = None) -> Any:
    from drift_jobs.child import ChildJudge
    from drift_jobs.rounds import Rounds
    from lifecycle import settings as settings_module
    from lifecycle.adapters.statsd import open_metrics
    from lifecycle.logs import configure

    settings = settings_module.load()
    configure(settings.log_level, settings.log_format)
    judge = ChildJudge(settings_module.environment_for(settings, {}))
    place, metrics = open_place(), metrics or open_metrics(settings)
    return Rounds(place, metrics, judge, post=open_post(settings, place.reports, metrics))


def open_post(settings: Any, reports: Any, metrics: Any) -> Any:
    """The mail of nights; it sends nothing where the settings name no server."""
    from drift_jobs.mail.delivery import Mailer
    from drift_jobs.mail.outbox import Outbox
    from drift_jobs.mail.post import PostOffice
    from drift_jobs.mail.smtp import Server
    from drift_jobs.mail.snoozes import Snoozes

    server = Server(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_user,
        settings.smtp_password,
        settings.smtp_ca,
    )
    box = Outbox(reports.store)
    mailer = Mailer(box, server, settings.mail_from, settings.mail_to, metrics) if server.host else None
    news = settings.mail_nights == "news"
    return PostOffice(reports, Snoozes(reports.store), mailer, only_news=news, link=settings.reports_url)


def open_checker(mailer: Any, metrics: Any = None) -> Any:
    """What looks for alarms in Graphite; None where the settings name none."""
    from drift_jobs.watching.checker import Checker
    from lifecycle import settings as settings_module
    from lifecycle.adapters.graphite import Graphite
    from lifecycle.adapters.object_store import open_store
    from lifecycle.adapters.statsd import open_metrics

    settings = settings_module.load()
    if not settings.graphite_url:
        return None

    def tell(letter: Any) -> None:
        mailer.queue(letter)
        mailer.deliver_all()  # an alarm does not wait for the mail's next round

    ask = Graphite(settings.graphite_url).numbers
    reports = open_store(settings).area("reports")
    return Checker(ask, reports, metrics or open_metrics(settings), tell if mailer else None)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def alarms(as_json: bool) -> None:
    """Ask Graphite now, by every rule of the watch; ends with 1 while there is an alarm."""
    from drift_jobs.watching.checker import as_document
    from lifecycle.errors import SettingsError

    checker = open_checker(None)
    if checker is None:
        raise SettingsError("No Graphite is named.", fix="Set PICKLEFLEET_GRAPHITE_URL.")
    findings = checker.look()
    if as_json:
        echo_json(as_document(findings))
    else:
        for name, finding in findings.items():
            click.echo(f"{finding.state:<9}{name:<24}{finding.sentence}")
    sys.exit(1 if any(finding.state == "alarm" for finding in findings.values()) else 0)


def _log_keeping() -> Any:
    from datetime import timedelta

    from drift_jobs.log_keeping import LogKeeping
    from lifecycle import settings as settings_module
    from lifecycle.adapters.object_store import open_store
    from lifecycle.machine import MachineDirectory
    from lifecycle.prediction_log.housekeeping import Housekeeping
    from lifecycle.prediction_log.segment_cache import SegmentCache

    settings = settings_module.load()
    store = open_store(settings)
    records = store.area("records")
    cache = SegmentCache(records, MachineDirectory(settings.machine_dir).segments)
    return LogKeeping(
        Housekeeping(store.area("control"), records, cache), timedelta(days=settings.retention_days)
    )


@contextmanager
def _place_on_workers() -> Iterator[Any]:
    """The hours of the log are counted by the Dask cluster that the settings name, else here."""
    from dataclasses import replace

    from lifecycle import settings as settings_module
    from lifecycle.adapters.dask import opened_workers

    place = open_place()
    with opened_workers(settings_module.load()) as workers:
        yield replace(place, log=replace(place.log, workers=workers))


def open_place() -> Any:
    """The store, as nights see it."""
    from drift_jobs.night import Place
    from drift_jobs.reports import Reports
    from lifecycle import settings as settings_module
    from lifecycle.adapters.object_store import open_store
    from lifecycle.adapters.opening import open_registry
    from lifecycle.machine import MachineDirectory
    from lifecycle.prediction_log.reading import PredictionLog
    from lifecycle.prediction_log.segment_cache import SegmentCache
    from lifecycle.retraining import RetrainQueue
    from lifecycle.signing import load_trust

    settings = settings_module.load()
    registry, store = open_registry(settings), open_store(settings)
    records = store.area("records")
    log = PredictionLog(records, SegmentCache(records, MachineDirectory(settings.machine_dir).segments))
    reports, queue = Reports(store.area("reports")), RetrainQueue(registry.control)
    return Place(registry, load_trust(settings.keys_dir), log, reports, queue)


def main() -> None:
    from lifecycle.errors import PicklefleetError

    try:
        work()
    except PicklefleetError as problem:
        click.echo(f"Error: {problem}", err=True)
        sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
