"""`picklefleet up`: from one model file to a service on this machine, in one command."""

import getpass
import os
import sys
from pathlib import Path
from typing import Any

import click

from intake.options import model_options, request_from_options
from intake.register import Request, register
from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry, open_signing_key
from lifecycle.policy import VersionRef
from lifecycle.policy_journal import PolicyJournal
from lifecycle.registry import Registry, VersionEntry
from lifecycle.settings import PREFIX, Settings, environment_for
from lifecycle.signing import load_trust
from release import keys

SEAL_AGE_S = "10"  # one person's machine: `picklefleet performance` shall not lag by minutes


@click.command()
@model_options
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep store and machine in a folder of the model's name below this one, unless the settings say where.",
)
@click.option("--host", help="Listen on this address (default: the setting HOST, 127.0.0.1).")
@click.option("--port", type=int, help="Listen on this port (default: the setting PORT, 8000).")
@click.option("--no-serve", is_flag=True, help="End when it is champion: another process serves.")
def up(home: Path | None, host: str | None, port: int | None, no_serve: bool, **options: Any) -> None:
    """Register MODEL, approve it, make it champion, and serve it until Ctrl-C.

    For one machine and one person: approving is done in the same breath, so hand it only files that you trust as
    much as a program. What was registered before is not registered again.
    """
    request = request_from_options(options)
    overrides = {key: str(value) for key, value in (("HOST", host), ("PORT", port)) if value is not None}
    overrides |= _where_open({"SEAL_AGE_S": SEAL_AGE_S})
    if home is not None:
        overrides |= _folders(home.absolute() / request.name)
    settings = settings_module.load(overrides=overrides)
    for made in keys.create_missing(settings.keys_dir):
        click.echo(f"Made the key {made}")
    _make_champion(settings, request)
    if no_serve:
        return
    # A fresh process: what spoke to the store here must not be forked from.
    os.execve(  # noqa: S606 - our own program
        sys.executable, [sys.executable, "-m", "picklefleet", "serve"], environment_for(settings, overrides)
    )


def _folders(home: Path) -> dict[str, str]:
    """Where store and machine go, where the settings leave it open; tells how other commands find them."""
    chosen = _where_open({"STORE": str(home / "store"), "MACHINE_DIR": str(home / "machine")})
    if chosen:
        exports = " ".join(f"{PREFIX}{name}={path}" for name, path in chosen.items())
        click.echo(f"For other commands on this model:  export {exports}")
    return chosen


def _where_open(wanted: dict[str, str]) -> dict[str, str]:
    """Those of the settings that nobody has set."""
    open_to_us = {row.name for row in settings_module.describe() if row.origin == "default"}
    return {name: text for name, text in wanted.items() if PREFIX + name in open_to_us}


def _make_champion(settings: Settings, request: Request) -> None:
    registry = open_registry(settings)
    entry = _registered(registry, settings, request)
    trust = load_trust(settings.keys_dir)
    policies = PolicyJournal(registry, trust)
    policy = policies.newest()
    if policy is not None and policy.champion.digest == entry.digest:
        click.echo(f"{entry.name} {entry.version} ({entry.digest[:12]}) is champion already.")
        return
    key = open_signing_key("admission", settings)
    registry.admit(entry, key, trust)
    champion = VersionRef(entry.version, entry.digest)
    policies.promote(key, champion, by=getpass.getuser(), reason="picklefleet up")
    click.echo(f"{entry.name} {entry.version} ({entry.digest[:12]}) is approved and champion.")


def _registered(registry: Registry, settings: Settings, request: Request) -> VersionEntry:
    known = registry.requested(request.digest())
    if known is not None:
        return known
    click.echo(f"Registering {request.model} as {request.name} …")
    key = open_signing_key("registration", settings)
    return register(request, registry, key, getpass.getuser())
