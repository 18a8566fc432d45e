"""`picklefleet log`: the housekeeping of the prediction log."""

import shutil
from datetime import timedelta

import click

from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.adapters.opening import open_records
from lifecycle.command_line import CommandGroup
from lifecycle.compaction import Compactor, compact_hours, delete_units, expire, sweep
from lifecycle.drop_counts import HOUR_MS
from lifecycle.installation_keys import load_records_key
from lifecycle.machine import MachineDirectory
from lifecycle.records import unit_key
from lifecycle.segment_cache import SegmentCache
from lifecycle.segment_index import held_hours


@click.group(cls=CommandGroup)
def log() -> None:
    """Keep the log of predictions and true values small, and forget what must be forgotten."""


@log.command()
def compact() -> None:
    """Make one segment of the many of each full hour, and delete those replaced more than a day ago.

    Predictions may go on, and so may reading: at any moment each row is there exactly once.
    """
    settings = settings_module.load()
    records = open_records(settings)
    cache = SegmentCache(records, MachineDirectory(settings.machine_dir).segments)
    held = held_hours(records)
    full = range(held.start, min(held.stop, clock.unix_ms() // HOUR_MS))
    written, deleted = compact_hours(Compactor(records, cache), full), sweep(records, held)
    click.echo(f"Compacted {written:,} hours, deleted {deleted:,} replaced files.")


@log.command("expire")
def expire_() -> None:
    """Delete the records that are older than the setting RETENTION_DAYS."""
    settings = settings_module.load()
    before = clock.now() - timedelta(days=settings.retention_days)
    deleted = expire(open_records(settings), before)
    click.echo(f"Deleted {deleted:,} files with records before {before:%Y-%m-%d %H:00} UTC.")


@log.command()
@click.option(
    "--unit", "units", multiple=True, required=True, help="A unit_id as callers gave it; may be repeated."
)
@click.option("--yes", is_flag=True, help="Don't ask.")
def forget(units: tuple[str, ...], yes: bool) -> None:
    """Delete every prediction about UNIT and the feedback on it. This can't be undone."""
    if not yes:
        click.confirm(f"Delete all records about {', '.join(units)}?", abort=True)
    settings = settings_module.load()
    records, machine = open_records(settings), MachineDirectory(settings.machine_dir)
    key = load_records_key(settings)
    written = {name for unit in units for name in (unit, unit_key(unit, key))}  # in the log plain or hashed
    requests = delete_units(records, SegmentCache(records, machine.segments), written, held_hours(records))
    shutil.rmtree(machine.segments, ignore_errors=True)
    click.echo(f"Deleted the records of {requests:,} requests.")
    click.echo(
        f"What machines have not shipped yet comes later: run this again in {2 * settings.seal_age_s:.0f} s."
    )
