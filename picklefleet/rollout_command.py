"""`picklefleet rollout`: from the champion to a challenger, step by step, as long as the evidence says so."""

import getpass
import threading
from contextlib import suppress
from pathlib import Path

import click

from lifecycle import clock
from lifecycle.claims import Claim, ClaimHeldError
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.errors import NotFoundError, PicklefleetError
from lifecycle.measurements.fleet import close_gate
from picklefleet.rollout_parts import Narrator, Parts, walker_of
from picklefleet.stopping import stop_on_signal
from release.rollout.asked import admit, next_asked
from release.rollout.decision import Action, decide
from release.rollout.evidence import rate_of
from release.rollout.looking import Seen, look
from release.rollout.plan import DEFAULT, read_plan
from release.rollout.presentation import plan_lines, status_document, status_lines
from release.rollout.record import Rollout
from release.rollout.starting import Ready, go_back, prepare, start
from release.rollout.walker import gate_name, take_out
from release.series import event

EXIT_NOT_PROMOTED = 1
WATCHES_EVERY_S = 60.0

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_REASON = click.option("--reason", default="", help="Why, for the history.")


@click.group(cls=CommandGroup)
def rollout() -> None:
    """Move traffic to a new version step by step; back at once when it is worse, slower, other or silent.

    shadow, 1, 5, 25, 50 %, then champion, unless a plan says otherwise. The walker looks every ten seconds; it may
    be killed and started again at any moment (resume). Ctrl-C stops the walker and leaves the traffic as it is.
    """


@rollout.command("start")
@click.argument("version")
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The steps, as YAML.",
)
@click.option("--dry-run", is_flag=True, help="Check everything, show the plan, and change nothing.")
@_REASON
@_JSON
def start_command(version: str, plan_file: Path | None, reason: str, dry_run: bool, as_json: bool) -> None:
    """Walk VERSION to champion. It must have been approved; a champion of late takes over without any step."""
    plan = DEFAULT if plan_file is None else read_plan(plan_file.read_text(encoding="utf-8"), plan_file.name)
    parts = Parts.open()
    ready = prepare(parts.rollouts, parts.journal, version, plan, by=getpass.getuser(), reason=reason)
    if dry_run:
        _show_plan(parts, ready, as_json=as_json)
    elif ready.recent:
        policy = go_back(parts.journal, ready, parts.key)
        click.echo(f"{version} was champion lately: it is again, by entry {policy.number} of the policy.")
    else:
        with parts.claimed() as claim:
            begun = start(parts.rollouts, ready, parts.key)
            _walk(parts, begun, claim, as_json=as_json)


@rollout.command("resume")
@_JSON
def resume_command(as_json: bool) -> None:
    """Go on with the rollout that is under way: after a pause, a Ctrl-C or a crash."""
    parts = Parts.open()
    with parts.claimed() as claim:
        under_way = parts.open_rollout()
        if parts.rollouts.paused(under_way):
            parts.rollouts.tell(under_way, event("resumed", "", getpass.getuser()))
        _walk(parts, under_way, claim, as_json=as_json)


@rollout.command("watch")
@click.option("--once", is_flag=True, help="Walk what is to be walked now, then end.")
def watch_command(once: bool) -> None:
    """Go on with the rollout under way, or start the one that retraining asked for; then wait for the next.

    Retraining asks, and its challenger is approved without a person, where PICKLEFLEET_RETRAIN_APPROVAL is auto.
    """
    parts = Parts.open()
    stop = threading.Event()
    stop_on_signal(stop)
    while not stop.is_set():
        try:
            with suppress(ClaimHeldError):
                _walk_what_is_due(parts, stop)
        except PicklefleetError as problem:
            if once:
                raise
            click.echo(f"Tried again in {WATCHES_EVERY_S:g} s: {problem}", err=True)
        if once or stop.wait(WATCHES_EVERY_S):
            return


def _walk_what_is_due(parts: Parts, stop: threading.Event) -> None:
    due = parts.rollouts.open()
    asked = (
        None
        if due or parts.settings.retrain_approval != "auto"
        else next_asked(parts.rollouts, parts.journal)
    )
    if due is None and asked is None:
        return
    with parts.claimed() as claim:
        if asked is not None:
            admit(parts.journal, asked, parts.key)
            ready = prepare(
                parts.rollouts, parts.journal, asked.version, DEFAULT, by=asked.asked_by, reason=asked.reason
            )
            due = start(parts.rollouts, ready, parts.key)
        if due is not None:
            walker_of(parts, Narrator()).walk(due, claim, stop.wait)


@rollout.command("pause")
@_REASON
def pause_command(reason: str) -> None:
    """Stay at this share: no step forward. A challenger that fails still goes back."""
    parts = Parts.open()
    under_way = parts.open_rollout()
    parts.rollouts.tell(under_way, event("paused", reason, getpass.getuser()))
    click.echo(f"Rollout {under_way.number} is paused. Go on: picklefleet rollout resume")


@rollout.command("abort")
@_REASON
def abort_command(reason: str) -> None:
    """The champion answers everybody again, by one entry of the policy. Needs no walker and no analysis."""
    parts = Parts.open()
    under_way = parts.open_rollout()
    told = reason or f"aborted by {getpass.getuser()}"
    parts.rollouts.end(under_way, "aborted", told)
    take_out(parts.journal, parts.key, under_way, by=getpass.getuser(), reason=told)
    close_gate(parts.rollouts.control, gate_name(under_way))
    click.echo(f"Rollout {under_way.number} is aborted; {under_way.champion.version} answers everybody.")


@rollout.command("status")
@_JSON
def status_command(as_json: bool) -> None:
    """Show how far the newest rollout is, the evidence, and what would come next."""
    parts = Parts.open()
    newest = parts.rollouts.newest()
    if newest is None:
        raise NotFoundError("There was no rollout yet.", fix="Start one: picklefleet rollout start v2")
    _show(parts, newest, as_json=as_json)


def _show_plan(parts: Parts, ready: Ready, *, as_json: bool) -> None:
    now = clock.now()
    rate = rate_of(parts.fleet.read(int(now.timestamp()) // 60 - 40), now)
    plan, version = ready.rollout.plan, ready.rollout.challenger.version
    if as_json:
        echo_json(status_document(ready.rollout, [], None, None, None) | {"requests_a_minute": rate})
        return
    if ready.recent:
        click.echo(f"{version} was champion lately: it would take over at once, without analysis.")
        return
    click.echo(f"{version} would take over from {ready.rollout.champion.version}:")
    for line in plan_lines(plan, rate):
        click.echo(line)
    known = "no traffic was measured yet" if rate is None else f"{rate:,.3g} requests a minute of late"
    click.echo(f"Nothing was changed; {known}.")


def _walk(parts: Parts, under_way: Rollout, claim: Claim, *, as_json: bool) -> None:
    stop = threading.Event()
    stop_on_signal(stop)
    ended = walker_of(parts, Narrator(quiet=as_json)).walk(under_way, claim, stop.wait)
    if as_json:
        _show(parts, under_way, as_json=True)
    elif ended is None:
        click.echo("The walker has stopped; traffic stays as it is. Go on: picklefleet rollout resume")
    else:
        click.echo(f"Ended: {ended.outcome}. {ended.told}")
    if ended is not None and ended.outcome != "promoted":
        raise SystemExit(EXIT_NOT_PROMOTED)


def _show(parts: Parts, shown: Rollout, *, as_json: bool) -> None:
    ended, events = parts.rollouts.ended(shown), list(parts.rollouts.events(shown))
    seen: Seen | None = None
    action: Action | None = None
    if ended is None:
        seen = look(shown, parts.sources, clock.now())
        action = decide(seen.look)
    if as_json:
        echo_json(status_document(shown, events, seen, action, ended))
        return
    for line in status_lines(shown, events, seen, action, ended):
        click.echo(line)
