"""Commands that decide what may serve and what does: approve, promote, and the keys behind them."""

import getpass
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import click

from lifecycle import settings as settings_module
from lifecycle.adapters.key_vault import open_vault
from lifecycle.adapters.opening import open_registry, open_signing_key
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.errors import SettingsError
from lifecycle.model_card import find_card
from lifecycle.policy import TrafficPolicy, VersionRef
from lifecycle.policy_journal import PolicyJournal
from lifecycle.same_contract import require_same_contract
from lifecycle.signing import ROLES, Role, load_trust
from release import keys
from release.blessed import require_blessed


@click.group(cls=CommandGroup)
def main() -> None:
    """What may serve, and what does."""


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def versions(as_json: bool) -> None:
    """List the registered versions, oldest first, and which of them is champion."""
    settings = settings_module.load()
    registry = open_registry(settings)
    policy = PolicyJournal(registry, load_trust(settings.keys_dir)).newest()
    rows = [
        {
            **asdict(entry),
            "approved": registry.is_admitted(entry.digest),
            "champion": policy is not None and policy.champion.digest == entry.digest,
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
@click.option("--anyway", is_flag=True, help="Even though its retraining found it worse than the champion.")
def approve(version: str, anyway: bool) -> None:
    """Countersign VERSION: machines load only what was registered and approved.

    Read `picklefleet inspect` and the model's golden rows first: unpickling a model is running its code.
    """
    settings = settings_module.load()
    registry, trust = open_registry(settings), load_trust(settings.keys_dir)
    entry = registry.version(version)
    if not anyway:
        require_blessed(find_card(registry, entry.digest, trust), version)
    registry.admit(entry, open_signing_key("admission", settings), trust)
    click.echo(f"Approved {entry.name} {entry.version} ({entry.digest[:12]}).")


@main.command()
@click.argument("version")
@click.option("--reason", default="", help="Why, for the history.")
@click.option(
    "--new-contract", is_flag=True, help="Even if it takes or answers something else than the champion."
)
def promote(version: str, reason: str, new_contract: bool) -> None:
    """Make VERSION the champion, answering everybody: one entry in a journal that keeps every earlier one.

    Arms and shadows end with it. Back again: picklefleet rollback.
    """
    settings = settings_module.load()
    registry = open_registry(settings)
    entry = registry.version(version)
    champion = VersionRef(entry.version, entry.digest)
    policies = PolicyJournal(registry, load_trust(settings.keys_dir))
    before = policies.newest()
    if before is not None and not new_contract:
        its, other = registry.manifest(before.champion.digest), registry.manifest(entry.digest)
        require_same_contract(before.champion, its.signature, champion, other.signature)
    key = open_signing_key("admission", settings)
    policies.promote(key, champion, by=getpass.getuser(), reason=reason)
    click.echo(f"{entry.name} {entry.version} ({entry.digest[:12]}) is champion.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def history(as_json: bool) -> None:
    """Show who was champion when, by whom and why; `picklefleet policy history` shows arms and shadows too."""
    settings = settings_module.load()
    rows = list(_champions(PolicyJournal(open_registry(settings), load_trust(settings.keys_dir)).history()))
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        line = f"{row['at'][:19].replace('T', ' ')}  {row['version']:<6}{row['by']}  {row['reason']}"
        click.echo(line.rstrip())


def _champions(policies: Iterable[TrafficPolicy]) -> Iterator[dict[str, str]]:
    before = None
    for policy in policies:
        if policy.champion != before:
            before = policy.champion
            yield {**asdict(before), "at": policy.made_at, "by": policy.by, "reason": policy.reason}


@main.group()
def trust() -> None:
    """The keys that sign (registration) and admit (admission) versions."""


@trust.command("init")
def trust_init() -> None:
    """Make what is missing of the two signing keys, the fleet key and the records key, readable by you alone.

    Where PICKLEFLEET_SIGNING_VAULT is set the signing keys stay in that vault, and their public halves are trusted.
    """
    settings = settings_module.load()
    vault = open_vault(settings)
    for made in keys.create_missing(settings.keys_dir, () if vault else ROLES):
        click.echo(f"Made {made}")
    for role in ROLES if vault else ():
        _trust_vaults(role, settings)
    click.echo(f"Keys are in {vault.url if vault else settings.keys_dir}.")


@trust.command("add")
@click.argument("role", type=click.Choice(ROLES))
def trust_add(role: Role) -> None:
    """Trust the newest key of the vault (PICKLEFLEET_SIGNING_VAULT) for ROLE, and sign with it from now on.

    Machines believe it once they have this trust set: bake it into their image first, then let walkers have it.
    """
    _trust_vaults(role, settings_module.load())


def _trust_vaults(role: Role, settings: settings_module.Settings) -> None:
    vault = open_vault(settings)
    if vault is None:
        raise SettingsError(
            "There is no vault to take a key from.",
            fix="Set PICKLEFLEET_SIGNING_VAULT, or make a key in a file: picklefleet trust rotate",
        )
    key = vault.find(role)
    state = "New" if keys.believe(settings.keys_dir, key) else "Known"
    click.echo(f"{state} {role} key {key.key_id}, {key.place}")


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
@click.argument("role", type=click.Choice(ROLES))
def trust_rotate(role: Role) -> None:
    """Make a new key for ROLE in a file; what the old one signed stays believed until you revoke it."""
    settings = settings_module.load()
    if settings.signing_vault:
        raise SettingsError(
            f"The {role} key lies in {settings.signing_vault}.",
            fix=f"az keyvault key rotate --vault-name … --name {role}, then picklefleet trust add {role}",
        )
    key = keys.rotate(settings.keys_dir, role)
    click.echo(f"New {role} key {key.key_id}.")


if __name__ == "__main__":
    main()
