"""`picklefleet release`: from one colour to the other, and back."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.releases.intent import back, gone_back, promoted, retired
from lifecycle.releases.release import COLOURS, FORMATS, Colour, Release, ReleaseError
from lifecycle.runtime import current_runtime
from picklefleet.azure_place import machines_wanted, move_rule
from picklefleet.azure_place import obstacles as room_for
from picklefleet.release_place import Place, read_release
from picklefleet.release_walking import begin, plan_options, run_exclusively, walk
from release.colours.assignments import assignments as assignments_of
from release.colours.checks import obstacles
from release.colours.decision import Action, Look, decide, not_ready
from release.colours.looking import look
from release.colours.plan import WalkPlan
from release.colours.presentation import plan_lines, status_document, status_lines

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_reason = click.option("--reason", default="", help="Why, for the history.")
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")

_machines = click.option(
    "--machines",
    type=click.IntRange(1),
    help="How many machines the colour shall have, where colours have their own; as many as the live one by default.",
)


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
@click.option("--machine-image", default="", help="On Azure, the baked machine image's id, …/versions/1.2.3.")
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


@release.command()
@click.argument("document", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@plan_options
@_json
def plan(document: Path, as_json: bool, **times: Any) -> None:
    """Say how the release in DOCUMENT would walk, and what stands in its way. Exit code 1 when something does."""
    place, wanted = Place.open(), read_release(document)
    now, steps = place.journal.newest(), WalkPlan(**times)
    machines = machines_wanted(place.outside, now, None)
    found = [*obstacles(wanted, now, place.runtimes()), *room_for(place.outside, now, machines)]
    if as_json:
        echo_json(
            {"release": asdict(wanted), "obstacles": found, "steps": asdict(steps), "machines": machines}
        )
    else:
        click.echo("\n".join(plan_lines(now, steps, found, machines)))
    if found:
        raise SystemExit(1)


@release.command()
@click.argument("document", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@plan_options
@_reason
@_dry_run
@click.option("--explain", is_flag=True, help="Tell at each look what holds it, not only what is done.")
@_machines
def deploy(
    document: Path | None, reason: str, dry_run: bool, explain: bool, machines: int | None, **times: Any
) -> None:
    """Walk the release in DOCUMENT (`picklefleet release describe` writes it) to all clients.

    Without DOCUMENT the walk that is under way goes on: it may be killed at any moment and started again.
    Exit code 1 when the release was taken back.
    """
    place, walk_plan = Place.open(), WalkPlan(**times)
    if document is not None and not begin(place, read_release(document), reason, machines, dry_run=dry_run):
        return
    if dry_run:
        seen = look(place.sources, place.intent(), walk_plan, clock.now())
        _show(seen, decide(seen, walk_plan), as_json=False)
        return
    ended = walk(place, walk_plan, explain=explain)
    if ended is None:
        click.echo("Stopped where it is. Go on: picklefleet release deploy")
        raise SystemExit(75)
    click.echo(ended.told)
    if not ended.good:
        raise SystemExit(1)


@release.command()
@click.argument("document", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_reason
@_dry_run
@_machines
def assign(document: Path, reason: str, dry_run: bool, machines: int | None) -> None:
    """Assign the release in DOCUMENT to the idle colour, and no more: `deploy` walks on.

    On Azure the environment is planned and applied in between: Terraform takes the colour's image from the journal.
    """
    if begin(Place.open(), read_release(document), reason, machines, dry_run=dry_run):
        click.echo("Assigned. Walk: picklefleet release deploy")


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
    waiting = [*not_ready(now, place.machines(), clock.unix_ms()), *place.sources.waiting(now)]
    if waiting:
        raise ReleaseError(
            f"{now.idle} is not ready on {', '.join(waiting)}.", fix="See picklefleet release status."
        )
    _move(promoted, reason or "A person promoted it.", dry_run=dry_run)


@release.command()
@_reason
@_dry_run
@click.option(
    "--direct",
    is_flag=True,
    help="On Azure, where the balancer's rule does not reach the colour: move it by ARM, not by Terraform.",
)
def rollback(reason: str, dry_run: bool, direct: bool) -> None:
    """Go back: to the live colour during a walk, to the warm one after it. One entry, no analysis, no control plane.

    Asked again it is refused: it would bring back what was gone away from. With --direct the rule alone is looked at.
    """
    place = Place.open()
    if not (direct and gone_back(place.intent())):
        place = _move(back, reason or "A person went back.", dry_run=dry_run)
    if direct and not dry_run:
        click.echo(move_rule(place.outside, place.intent()))


@release.command()
@_reason
@_dry_run
def retire(reason: str, dry_run: bool) -> None:
    """End the idle colour: its processes, and on Azure its machines. There is nothing warm to go back to afterwards."""
    place = _move(retired, reason or "The idle colour is not needed any more.", dry_run=dry_run)
    if place.outside is not None and not dry_run:
        ended = walk(place, WalkPlan(), explain=True)
        click.echo("Stopped. Go on: picklefleet release deploy" if ended is None else ended.told)


@release.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exclusively(command: tuple[str, ...]) -> None:
    """Run COMMAND while no rollout and no release moves anything, such as an apply of Terraform. Its exit code is given on.

    Exit code 75 while somebody moves something.
    """
    raise SystemExit(run_exclusively(Place.open(), command))


@release.command()
@click.option("--terraform", is_flag=True, help="As a .tfvars.json file for terraform/environments.")
def assignments(terraform: bool) -> None:
    """Print which image each colour boots and how many machines it has, as the journal says."""
    place = Place.open()
    releases = {
        release.id: release
        for entry in place.journal.history()
        for release in map(entry.release, COLOURS)
        if release is not None
    }
    found = assignments_of(place.journal.newest(), place.machines(), releases)
    echo_json({"colours": found} if terraform else found)


def _move(step: Any, reason: str, *, dry_run: bool) -> Place:
    place = Place.open()
    now = place.intent()
    after = step(now)
    if dry_run:
        click.echo(f"Would write: {after.live} is live, step {after.step}.")
        return place
    written = place.change(after, now, reason)
    click.echo(
        f"Entry {written.number}: {written.live} is live, step {written.step}. Machines follow within seconds."
    )
    return place


def _show(seen: Look, action: Action, *, as_json: bool) -> None:
    if as_json:
        echo_json(status_document(seen, action))
    else:
        click.echo("\n".join(status_lines(seen, action)))
