"""`picklefleet keys`: who may call the service. Keys are made here, shown once, and kept as hashes in the store."""

import getpass
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import click

from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_registry, open_signing_key
from lifecycle.api_keys import SCOPES, ApiKey, KeySet, NewKey, Scope, make_key
from lifecycle.command_line import CommandGroup, echo_json
from lifecycle.key_journal import KeyJournal
from lifecycle.settings import Settings
from lifecycle.signing import load_trust

EFFECTIVE = "Machines know it within a minute."


class Span(click.ParamType[timedelta | None]):
    """`90d`, `12h`, `30m`; `never` where that is allowed, which gives None."""

    name = "span"
    _UNITS = {"d": "days", "h": "hours", "m": "minutes"}  # noqa: RUF012 - never changed

    def __init__(self, *, never: bool) -> None:
        self._never = never

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta | None:
        if isinstance(value, timedelta) or (self._never and value == "never"):
            return value if isinstance(value, timedelta) else None
        found = re.fullmatch(r"([0-9]{1,5})([dhm])", value, re.ASCII)
        if not found:
            self.fail(f"Write it as 90d, 12h or 30m{', or never' if self._never else ''}.", param, ctx)
        return timedelta(**{self._UNITS[found[2]]: int(found[1])})


@click.group(cls=CommandGroup)
def keys() -> None:
    """The API keys: who may call the service, for what, and until when."""


@keys.command()
@click.option("--owner", required=True, help="Who holds the key; predictions and feedback are bound to it.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="May be given repeatedly.",
)
@click.option("--label", default="default", show_default=True, help="Tells keys of one owner apart.")
@click.option(
    "--expires", type=Span(never=True), default="90d", show_default=True, help="90d, 12h, or never."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(
    owner: str, scopes: tuple[Scope, ...], label: str, expires: timedelta | None, as_json: bool
) -> None:
    """Make a key. It is shown once: the store keeps its hash alone."""
    now = clock.now()
    new = make_key(owner, scopes, now, label=label, lifetime=expires)
    _change(settings_module.load(), lambda held: held.with_key(new.key, now), f"created {new.key.key_id}")
    _show_new(new, as_json)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_keys(as_json: bool) -> None:
    """List every key ever made: whose, for what, and whether it lives."""
    held = _journal(settings_module.load()).key_set()
    if as_json:
        now = clock.now()
        echo_json([_row(key, now) for key in held.keys.values()])
        return
    if not held.keys:
        click.echo("No key yet. Make one: picklefleet keys create --owner NAME --scope predict")
    _show_all(held)


@keys.command()
@click.argument("key_id")
@click.option(
    "--overlap",
    type=Span(never=False),
    default="7d",
    show_default=True,
    help="How long the old key still works.",
)
@click.option(
    "--expires", type=Span(never=True), default="90d", show_default=True, help="90d, 12h, or never."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rotate(key_id: str, overlap: timedelta, expires: timedelta | None, as_json: bool) -> None:
    """Make the key that follows KEY_ID: same owner, label and scopes. The old one works on for a while."""
    now, settings = clock.now(), settings_module.load()
    old = _journal(settings).key_set().live_key(key_id, now)
    new = make_key(old.owner, old.scopes, now, label=old.label, lifetime=expires)
    what = f"rotated {key_id} to {new.key.key_id}"
    _change(settings, lambda held: held.rotate(key_id, new.key, now, overlap), what)
    _show_new(new, as_json)


@keys.command()
@click.argument("key_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def revoke(key_id: str, as_json: bool) -> None:
    """End KEY_ID at once and for ever."""
    now, settings = clock.now(), settings_module.load()
    _change(settings, lambda held: held.revoke(key_id, now), f"revoked {key_id}")
    if as_json:
        echo_json(_row(_journal(settings).key_set().keys[key_id], now))
        return
    click.echo(f"Revoked {key_id}. {EFFECTIVE}")


@keys.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def sign(yes: bool) -> None:
    """Sign the newest set anew, after the admission key that signed it was revoked.

    Whoever held that key can have added keys: look through the list before you say yes.
    """
    settings = settings_module.load()
    journal, key = _journal(settings), open_signing_key("admission", settings)
    newest = journal.unverified()
    if newest is None:
        click.echo("There are no API keys to sign.")
        return
    click.echo(f"Entry {newest.number}, {newest.change!r} by {newest.by} at {newest.at}:")
    _show_all(newest.key_set)
    if not yes:
        click.confirm("Are these the keys that shall be believed?", abort=True)
    journal.append(key, newest, newest.key_set, by=getpass.getuser(), what="signed anew")
    click.echo(f"Signed anew. {EFFECTIVE}")


def _show_all(held: KeySet) -> None:
    now = clock.now()
    for row in (_row(key, now) for key in held.keys.values()):
        until = f"until {row['expires_at'][:16].replace('T', ' ')}" if row["expires_at"] else "for ever"
        click.echo(
            f"{row['key_id']}  {row['state']:<8}{row['owner']:<20}{row['label']:<12}"
            f"{','.join(row['scopes']):<22}{until}"
        )


def _journal(settings: Settings) -> KeyJournal:
    return KeyJournal(open_registry(settings).control, load_trust(settings.keys_dir))


def _change(settings: Settings, decide: Callable[[KeySet], KeySet], what: str) -> None:
    key = open_signing_key("admission", settings)
    _journal(settings).change(key, decide, by=getpass.getuser(), what=what)


def _row(key: ApiKey, now: datetime) -> dict[str, Any]:
    refusal = key.refusal(clock.timestamp(now))
    row = {**asdict(key), "state": "live" if refusal is None else refusal.value}
    del row["digest"]
    return row


def _show_new(new: NewKey, as_json: bool) -> None:
    if as_json:
        echo_json({"key": new.text, **_row(new.key, clock.now())})
        return
    key = new.key
    until = f"until {key.expires_at[:16].replace('T', ' ')} UTC" if key.expires_at else "until it is revoked"
    click.echo(f"Key {key.key_id} of {key.owner} ({key.label}) for {', '.join(key.scopes)}, {until}:\n")
    click.echo(f"  {new.text}\n\nIt is shown this once and kept nowhere: store it now. {EFFECTIVE}")
