"""Commands that decide what may serve and what does: approve, promote, and the keys behind them."""

import getpass
from dataclasses import asdict
from pathlib import Path

import click

from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.registry import CHAMPION
from lifecycle.signing import Role, load_signing_key, load_trust
from release import keys


@click.group(cls=CommandGroup)
def main() -> None:
    """What may serve, and what does."""


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def versions(as_json: bool) -> None:
    """List the registered versions, oldest first, and which of them is champion."""
    settings = settings_module.load()
    registry = open_registry(settings)
    champion = registry.alias(CHAMPION, load_trust(settings.keys_dir))
    rows = [
        {
            **asdict(entry),
            "approved": registry.is_admitted(entry.digest),
            "champion": champion is not None and champion.digest == entry.digest,
        }
        for entry in registry.versions()
    ]
    if as_json:
        echo_json(rows)
        return
    if not rows:
        click.echo("No version yet. Register one: picklefleet register model.pkl --name NAME")
    for row in rows:
        state = "champion" if row["champion"] else "approved" if row["approved"] else "registered"
        click.echo(
            f"{row['version']:<6}{row['name']:<20}{row['digest'][:12]}  {state:<11}"
            f"{row['registered_at'][:19].replace('T', ' ')} by {row['registered_by']}"
        )


@main.command()
@click.argument("version")
def approve(version: str) -> None:
    """Countersign VERSION: machines load only what was registered and approved.

    Read `picklefleet inspect` and the model's golden rows first: unpickling a model is running its code.
    """
    settings = settings_module.load()
    registry = open_registry(settings)
    entry = registry.version(version)
    registry.admit(entry, load_signing_key("admission", settings.keys_dir), load_trust(settings.keys_dir))
    click.echo(f"Approved {entry.name} {entry.version} ({entry.digest[:12]}).")


@main.command()
@click.argument("version")
@click.option("--reason", default="", help="Why, for the history.")
def promote(version: str, reason: str) -> None:
    """Make VERSION the champion: one entry in a journal that keeps every earlier one."""
    settings = settings_module.load()
    registry = open_registry(settings)
    entry = registry.version(version)
    key = load_signing_key("admission", settings.keys_dir)
    registry.set_alias(CHAMPION, entry, key, by=getpass.getuser(), reason=reason)
    click.echo(f"{entry.name} {entry.version} ({entry.digest[:12]}) is champion.")


@main.command()
@click.option("--alias", default=CHAMPION, show_default=True, help="Which alias.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def history(alias: str, as_json: bool) -> None:
    """Show what an alias meant when, by whom and why."""
    entries = list(open_registry(settings_module.load()).alias_history(alias))
    if as_json:
        echo_json([asdict(entry) for entry in entries])
        return
    for entry in entries:
        click.echo(
            f"{entry.at[:19].replace('T', ' ')}  {entry.version:<6}{entry.by}  {entry.reason}".rstrip()
        )


@main.group()
def trust() -> None:
    """The keys that sign (registration) and admit (admission) versions."""


@trust.command("init")
def trust_init() -> None:
    """Make what is missing of the two signing keys, the fleet key and the records key, readable by you alone."""
    settings = settings_module.load()
    for made in keys.create_missing(settings.keys_dir):
        click.echo(f"Made {made}")
    click.echo(f"Keys are in {settings.keys_dir}.")


@trust.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def trust_list(as_json: bool) -> None:
    """List the public keys that machines believe."""
    trusted = load_trust(settings_module.load().keys_dir)
    if as_json:
        echo_json(trusted.to_document())
        return
    for key in trusted.keys.values():
        click.echo(f"{key.key_id}  {key.role:<13}{key.algorithm}{'  revoked' if key.revoked else ''}")


@trust.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def trust_export(folder: Path) -> None:
    """Copy what a serving machine needs to FOLDER: the public keys, the fleet key and the records key.

    The keys that sign stay where they are.
    """
    keys.export(settings_module.load().keys_dir, folder)
    click.echo(f"{folder} holds what a serving machine needs, and nothing that signs.")


@trust.command("revoke")
@click.argument("key_id")
def trust_revoke(key_id: str) -> None:
    """Stop believing a key: nothing that it signed is loaded any more."""
    keys.revoke(settings_module.load().keys_dir, key_id)
    click.echo(f"Revoked {key_id}.")


@trust.command("rotate")
@click.argument("role", type=click.Choice(["registration", "admission"]))
def trust_rotate(role: Role) -> None:
    """Make a new key for ROLE; what the old one signed stays believed until you revoke it."""
    key = keys.rotate(settings_module.load().keys_dir, role)
    click.echo(f"New {role} key {key.key_id}.")


if __name__ == "__main__":
    main()
