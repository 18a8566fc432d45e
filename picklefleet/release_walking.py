"""How the commands of a release begin a walk and walk it: on hosts that carry both colours, and on Azure."""

import getpass
import secrets
import subprocess
import threading
from dataclasses import replace
from typing import Any

import click

from lifecycle import clock
from lifecycle.adapters.opening import open_signing_key
from lifecycle.machine import MachineDirectory
from lifecycle.releases.intent import assigned, first
from lifecycle.releases.release import Release, ReleaseError
from picklefleet.azure_place import machines_wanted, walking
from picklefleet.azure_place import obstacles as room_for
from picklefleet.release_place import Place
from picklefleet.stopping import stop_on_signal
from release.change_claim import change_claimed
from release.colours.checks import obstacles
from release.colours.decision import Action, Look
from release.colours.plan import WalkPlan
from release.colours.presentation import told_of
from release.colours.walker import BEATS_EVERY_S, Ended, Walker


def plan_options(command: Any) -> Any:
    for name, kind, text in (
        ("canary-percent", int, "The clients' share that goes first, where hosts carry both colours."),
        ("canary-machines", int, "How many machines go first, where colours have machines of their own."),
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


def begin(place: Place, wanted: Release, reason: str, machines: int | None, *, dry_run: bool) -> bool:
    """Write the first entry of the walk; False when there is nothing to walk (a first release, or a dry run)."""
    now = place.journal.newest()
    machines = machines_wanted(place.outside, now, machines)
    found = [*obstacles(wanted, now, place.runtimes()), *room_for(place.outside, now, machines)]
    if found:
        raise ReleaseError(
            "This release can't take over: " + " ".join(found), fix="See picklefleet release plan."
        )
    if now is not None and now.walking and now.release(now.idle) == wanted:
        return True  # begun before: go on
    walk = f"{wanted.name}-{secrets.token_hex(3)}"
    after = (
        first(wanted, machines=machines) if now is None else assigned(now, wanted, walk, machines=machines)
    )
    if dry_run:
        click.echo(
            f"Would write: {wanted.name} to {after.live if now is None else now.idle}, step {after.step}."
        )
        return False
    place.change(after, now, reason or f"Deploy {wanted.name}.")
    if now is None:
        click.echo(f"{wanted.name} is the first release: {after.live} has all clients.")
    return now is not None


def run_exclusively(place: Place, command: tuple[str, ...]) -> int:
    """Under the claim of every change of traffic, kept alive for as long as the command takes."""
    machine = MachineDirectory(place.settings.machine_dir)
    claimed = change_claimed(place.registry.control, machine, getpass.getuser())
    with claimed as claim, subprocess.Popen(command) as running:  # noqa: S603 - what the person typed
        while True:
            try:
                return running.wait(BEATS_EVERY_S)
            except subprocess.TimeoutExpired:
                claim.heartbeat()


def walk(place: Place, walk_plan: WalkPlan, *, explain: bool) -> Ended | None:
    settings = place.settings
    last = ""

    def told(seen: Look, action: Action) -> None:
        nonlocal last
        line = f"{seen.intent.step:<9} {told_of(action)}"
        if line != last and (explain or not told_of(action).startswith("This step lasts")):
            click.echo(f"{clock.timestamp(clock.now())[11:19]}  {line}")
        last = line

    key = open_signing_key("admission", settings)
    stop = threading.Event()
    stop_on_signal(stop)
    with change_claimed(
        place.registry.control, MachineDirectory(settings.machine_dir), getpass.getuser()
    ) as claim:
        walker = Walker(place.sources, walk_plan, key, getpass.getuser(), told=told)
        if place.outside is not None:
            outside = walking(settings, place.outside, claim, click.echo)
            sources = replace(place.sources, machines=outside.machines, waiting=outside.waiting)
            walker = replace(walker, sources=sources, follow=outside.follow)
        return walker.walk(claim, stop.wait)
