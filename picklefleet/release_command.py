"""`picklefleet release`: from one colour to the other, and back."""

import getpass
import json
import secrets
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.machine import MachineDirectory
from lifecycle.releases.intent import assigned, back, first, promoted, retired
from lifecycle.releases.release import COLOURS, FORMATS, Colour, Release, ReleaseError
from lifecycle.runtime import current_runtime
from lifecycle.signing import load_signing_key
from picklefleet.release_place import Place, read_release
from picklefleet.stopping import stop_on_signal
from release.change_claim import change_claimed
from release.colours.assignments import assignments as assignments_of
from release.colours.checks import obstacles
from release.colours.decision import Action, Look, decide, not_ready
from release.colours.looking import look
from release.colours.plan import WalkPlan
from release.colours.presentation import plan_lines, status_document, status_lines, told_of
from release.colours.walker import Ended, Walker

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_reason = click.option("--reason", default="", help="Why, for the history.")
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")


@click.group(cls=CommandGroup)
def release() -> None:
    """Move clients from one colour (a whole fleet of one release) to the other, and back.

    A release walks: its colour starts, is asked golden rows, gets a canary's share, half, and then all clients, as long
    as the gate finds it no worse than the live one; whatever is wrong takes it back by itself.
    """


@release.command()
@click.argument("name")
@click.option("--image", required=True, help="What hosts run: an image id, or a name with its digest.")
@click.option("--image-digest", default="", help="The registry's digest of the same image.")
@click.option("--machine-image", default="", help="On Azure, the baked machine image's version.")
def describe(name: str, image: str, image_digest: str, machine_image: str) -> None:
    """Print the release NAME as a document. Run it in the release's own image: it tells what that code can read."""
    settings = settings_module.load()
    digest = settings_module.digest(settings)
    described = Release(name, image, current_runtime(), image_digest, machine_image, digest, FORMATS)
    click.echo(json.dumps(asdict(described), indent=2))


@release.command()
@_json
def status(as_json: bool) -> None:
    """Show what the journal asks for, what every machine does, and what would come next."""
    place = Place.open()
    plan = WalkPlan()
    seen = look(place.sources, place.intent(), plan, clock.now())
    action = decide(seen, plan)
    _show(seen, action, as_json=as_json)


@release.command()
@_json
def history(as_json: bool) -> None:
    """Show every entry of the journal: what was asked for, by whom and why."""
    entries = list(Place.open().journal.history())
    if as_json:
        echo_json([asdict(entry) | {"signature": None} for entry in entries])
        return
    for entry in entries:
        shares = " ".join(f"{colour} {entry.weight(colour)}" for colour in ("blue", "green"))
        click.echo(
            f"{entry.number:>4}  {entry.made_at[:19].replace('T', ' ')}  {entry.step:<9}{shares:<20}{entry.reason}"
        )


def plan_options(command: Any) -> Any:
    for name, kind, text in (
        ("canary-percent", int, "The clients' share that goes first."),
        ("min-requests", int, "Requests of the new release that each gated step sees at the least."),
        ("min-minutes", float, "How long each gated step lasts at the least."),
        ("max-minutes", float, "After how long an undecided step asks for a person."),
        ("max-silence-minutes", int, "How long measurements may be missing."),
        ("ready-minutes", float, "How long the new processes may take to become ready."),
        ("warm-minutes", float, "How long the old colour is kept warm."),
    ):
        default = getattr(WalkPlan(), name.replace("-", "_"))
        command = click.option(f"--{name}", type=kind, default=default, show_default=True, help=text)(command)
    return command


@release.command()
@click.argument("document", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@plan_options
@_json
def plan(document: Path, as_json: bool, **times: Any) -> None:
    """Say how the release in DOCUMENT would walk, and what stands in its way. Exit code 1 when something does."""
    place, wanted = Place.open(), read_release(document)
    now = place.journal.newest()
    found = list(obstacles(wanted, now, place.runtimes()))
    if as_json:
        echo_json({"release": asdict(wanted), "obstacles": found, "steps": asdict(WalkPlan(**times))})
    else:
        click.echo("\n".join(plan_lines(now, WalkPlan(**times), found)))
    if found:
        raise SystemExit(1)


@release.command()
@click.argument("document", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@plan_options
@_reason
@_dry_run
@click.option("--explain", is_flag=True, help="Tell at each look what holds it, not only what is done.")
@click.option(
    "--machines", type=int, help="How many machines the colour shall have, where colours have their own."
)
def deploy(
    document: Path | None, reason: str, dry_run: bool, explain: bool, machines: int | None, **times: Any
) -> None:
    """Walk the release in DOCUMENT (`picklefleet release describe` writes it) to all clients.

    Without DOCUMENT the walk that is under way goes on: it may be killed at any moment and started again.
    Exit code 1 when the release was taken back.
    """
    place, walk_plan = Place.open(), WalkPlan(**times)
    if document is not None and not _begin(place, read_release(document), reason, machines, dry_run=dry_run):
        return
    if dry_run:
        seen = look(place.sources, place.intent(), walk_plan, clock.now())
        _show(seen, decide(seen, walk_plan), as_json=False)
        return
    ended = _walk(place, walk_plan, explain=explain)
    if ended is None:
        click.echo("Stopped where it is. Go on: picklefleet release deploy")
        raise SystemExit(75)
    click.echo(ended.told)
    if not ended.good:
        raise SystemExit(1)


@release.command()
@click.option(
    "--to", type=click.Choice(COLOURS), help="The colour meant: refused when it is not the idle one."
)
@_reason
@_dry_run
def promote(to: Colour | None, reason: str, dry_run: bool) -> None:
    """Give the idle colour all clients now: a person decides what the gate has not. The other colour stays warm.

    Refused while the colour is not ready on every machine.
    """
    place = Place.open()
    now = place.intent()
    if to == now.live and not now.walking:
        click.echo(f"{to} has all clients already.")
        return
    if to == now.live:
        raise ReleaseError(
            f"{to} is live and another release is on its way.", fix="picklefleet release rollback"
        )
    waiting = not_ready(now, place.machines(), clock.unix_ms())
    if waiting:
        raise ReleaseError(
            f"{now.idle} is not ready on {', '.join(waiting)}.", fix="See picklefleet release status."
        )
    _move(promoted, reason or "A person promoted it.", dry_run=dry_run)


@release.command()
@_reason
@_dry_run
def rollback(reason: str, dry_run: bool) -> None:
    """Go back: to the live colour during a walk, to the warm one after it. One entry, no analysis, no control plane."""
    _move(back, reason or "A person went back.", dry_run=dry_run)


@release.command()
@_reason
@_dry_run
def retire(reason: str, dry_run: bool) -> None:
    """End the idle colour's processes: there is nothing warm to go back to afterwards."""
    _move(retired, reason or "The idle colour is not needed any more.", dry_run=dry_run)


@release.command()
@click.option("--terraform", is_flag=True, help="As a .tfvars.json file for terraform/environments.")
def assignments(terraform: bool) -> None:
    """Print which image each colour boots and how many machines it has, as the journal says."""
    place = Place.open()
    found = assignments_of(place.journal.newest(), place.machines())
    echo_json({"colours": found} if terraform else found)


def _begin(place: Place, wanted: Release, reason: str, machines: int | None, *, dry_run: bool) -> bool:
    """Write the first entry of the walk; False when there is nothing to walk (a first release, or a dry run)."""
    now = place.journal.newest()
    found = list(obstacles(wanted, now, place.runtimes()))
    if found:
        raise ReleaseError(
            "This release can't take over: " + " ".join(found), fix="See picklefleet release plan."
        )
    if now is not None and now.walking and now.release(now.idle) == wanted:
        return True  # begun before: go on
    walk = f"{wanted.name}-{secrets.token_hex(3)}"
    after = first(wanted) if now is None else assigned(now, wanted, walk, machines=machines)
    if dry_run:
        click.echo(
            f"Would write: {wanted.name} to {after.live if now is None else now.idle}, step {after.step}."
        )
        return False
    place.change(after, now, reason or f"Deploy {wanted.name}.")
    if now is None:
        click.echo(f"{wanted.name} is the first release: {after.live} has all clients.")
    return now is not None


def _walk(place: Place, walk_plan: WalkPlan, *, explain: bool) -> Ended | None:
    settings = place.settings
    last = ""

    def told(seen: Look, action: Action) -> None:
        nonlocal last
        line = f"{seen.intent.step:<9} {told_of(action)}"
        if line != last and (explain or not told_of(action).startswith("This step lasts")):
            click.echo(f"{clock.timestamp(clock.now())[11:19]}  {line}")
        last = line

    key = load_signing_key("admission", settings.keys_dir)
    walker = Walker(place.sources, walk_plan, key, getpass.getuser(), told=told)
    stop = threading.Event()
    stop_on_signal(stop)
    with change_claimed(
        place.registry.control, MachineDirectory(settings.machine_dir), getpass.getuser()
    ) as claim:
        return walker.walk(claim, stop.wait)


def _move(step: Any, reason: str, *, dry_run: bool) -> None:
    place = Place.open()
    now = place.intent()
    after = step(now)
    if dry_run:
        click.echo(f"Would write: {after.live} is live, step {after.step}.")
        return
    written = place.change(after, now, reason)
    click.echo(
        f"Entry {written.number}: {written.live} is live, step {written.step}. Machines follow within seconds."
    )


def _show(seen: Look, action: Action, *, as_json: bool) -> None:
    if as_json:
        echo_json(status_document(seen, action))
    else:
        click.echo("\n".join(status_lines(seen, action)))
