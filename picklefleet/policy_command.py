"""`picklefleet policy` and `picklefleet rollback`: who answers whom, by hand."""

import getpass
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import click

from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.errors import NotFoundError
from lifecycle.policy import TrafficPolicy, VersionRef, with_shadow, with_share, without
from lifecycle.policy_journal import PolicyJournal
from lifecycle.signing import load_signing_key, load_trust

Change = Callable[[TrafficPolicy, VersionRef], TrafficPolicy]


@click.group(cls=CommandGroup)
def policy() -> None:
    """Show and change which version answers whom. Machines follow within seconds."""


@policy.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(as_json: bool) -> None:
    """Show the policy in force: champion, arms with their shares, shadows."""
    found = _journal().newest()
    if found is None:
        raise NotFoundError("There is no policy yet.", fix="Promote a version: picklefleet promote v1")
    _tell(found, as_json)


@policy.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def history(as_json: bool) -> None:
    """Show every policy there was, by whom and why, oldest first."""
    entries = list(_journal().history())
    if as_json:
        echo_json([to_document(entry) for entry in entries])
        return
    for entry in entries:
        line = f"{entry.number:>6}  {entry.made_at[:19].replace('T', ' ')}  {summary(entry)}  {entry.by}  {entry.reason}"
        click.echo(line.rstrip())


@policy.command("set")
@click.argument("version")
@click.option("--share", type=float, help="Answer this share of all units, 0 to 1; 0 ends the arm.")
@click.option("--shadow", is_flag=True, help="Ask it what the champion is asked, answering nobody.")
@click.option("--end", is_flag=True, help="End its arm or shadow.")
@click.option("--reason", default="", help="Why, for the history.")
@click.option("--dry-run", is_flag=True, help="Check and show the policy, but write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def set_policy(  # noqa: PLR0913 - one parameter for each option
    *, version: str, share: float | None, shadow: bool, end: bool, reason: str, dry_run: bool, as_json: bool
) -> None:
    """Give VERSION a share of the traffic beside the champion, or make it a shadow: one entry in the journal.

    Units that a version answers stay with it while its share grows.
    """
    if sum((share is not None, shadow, end)) != 1:
        raise click.UsageError("Give one of --share, --shadow and --end.")
    if share is not None:
        _change(version, lambda now, ref: with_share(now, ref, share), reason, dry_run, as_json)
    else:
        change: Change = with_shadow if shadow else lambda now, ref: without(now, ref.digest)
        _change(version, change, reason, dry_run, as_json)


@click.command()
@click.option("--reason", default="", help="Why, for the history.")
@click.option("--dry-run", is_flag=True, help="Show the policy that would be in force, but write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rollback(reason: str, dry_run: bool, as_json: bool) -> None:
    """Go back to the policy before this one, in one entry and without any analysis; again goes one further back."""
    settings = settings_module.load()
    journal = _journal()
    if dry_run:
        _tell(journal.before_this(), as_json)
        return
    key = load_signing_key("admission", settings.keys_dir)
    _tell(journal.roll_back(key, by=getpass.getuser(), reason=reason), as_json)


def _change(version: str, change: Change, reason: str, dry_run: bool, as_json: bool) -> None:
    settings = settings_module.load()
    journal = _journal()
    entry = journal.registry.version(version)
    ref = VersionRef(entry.version, entry.digest)

    def decide(now: TrafficPolicy | None) -> TrafficPolicy:
        if now is None:
            raise NotFoundError(
                "There is no champion yet.", fix=f"Promote one: picklefleet promote {version}"
            )
        return change(now, ref)

    if dry_run:
        wanted = decide(journal.newest())
        journal.check(wanted)
        _tell(wanted, as_json)
        return
    key = load_signing_key("admission", settings.keys_dir)
    _tell(journal.change(key, decide, by=getpass.getuser(), reason=reason), as_json)


def _journal() -> PolicyJournal:
    settings = settings_module.load()
    return PolicyJournal(open_registry(settings), load_trust(settings.keys_dir))


def _tell(found: TrafficPolicy, as_json: bool) -> None:
    if as_json:
        echo_json(to_document(found))
        return
    for line in _lines(found):
        click.echo(line)


def to_document(found: TrafficPolicy) -> dict[str, Any]:
    """The entry as it is stored, with the shares that its slots make."""
    document = asdict(found)
    for arm, stored in zip(found.arms, document["arms"], strict=True):
        stored["share"] = arm.share
    return {**document, "champion_share": found.champion_share}


def summary(found: TrafficPolicy) -> str:
    """`v1 95%, v2 5%, v3 shadow`."""
    parts = [f"{found.champion.version} {found.champion_share * 100:g}%"]
    parts += [f"{arm.version} {arm.share * 100:g}%" for arm in found.arms]
    parts += [f"{shadow.version} shadow" for shadow in found.shadows]
    return ", ".join(parts)


def _lines(found: TrafficPolicy) -> Iterator[str]:
    yield f"Policy {found.number}{f', as {found.restores} was' if found.restores is not None else ''}"
    yield f"  {found.champion.version:<6}{found.champion_share:>9.4%}  champion    {found.champion.digest[:12]}"
    for arm in found.arms:
        yield f"  {arm.version:<6}{arm.share:>9.4%}  challenger  {arm.digest[:12]}"
    for shadow in found.shadows:
        yield f"  {shadow.version:<6}{'':>9}  shadow      {shadow.digest[:12]}"
    if found.made_at:
        yield f"  {found.made_at[:19].replace('T', ' ')} by {found.by}  {found.reason}".rstrip()
