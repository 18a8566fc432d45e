"""`picklefleet log`: the housekeeping of the prediction log."""

import shutil
from datetime import timedelta

import click

from lifecycle import clock
from lifecycle import settings as settings_module
from lifecycle.adapters.object_store import open_store
from lifecycle.command_line import CommandGroup
from lifecycle.installation_keys import load_records_key
from lifecycle.machine import MachineDirectory
from lifecycle.prediction_log.drop_counts import HOUR_MS
from lifecycle.prediction_log.housekeeping import Housekeeping
from lifecycle.prediction_log.records import unit_key
from lifecycle.prediction_log.segment_cache import SegmentCache
from lifecycle.prediction_log.segment_index import held_hours
from lifecycle.settings import Settings


@click.group(cls=CommandGroup)
def log() -> None:
    """Keep the log of predictions and true values small, and forget what must be forgotten."""


@log.command()
def compact() -> None:
    """Make one segment of the many of each full hour, and delete those replaced more than a day ago.

    Predictions may go on, and so may reading: at any moment each row is there exactly once.
    """
    housekeeping = _housekeeping(settings_module.load())
    held = held_hours(housekeeping.records)
    full = range(held.start, min(held.stop, clock.unix_ms() // HOUR_MS))
    done = housekeeping.compact(full)
    click.echo(f"Compacted {done.hours:,} hours, deleted {done.swept:,} replaced files.")
    if done.erased:
        click.echo(f"Deleted {done.erased:,} predictions of forgotten units that came late.")


@log.command("expire")
def expire_() -> None:
    """Delete the records that are older than the setting RETENTION_DAYS."""
    settings = settings_module.load()
    now, keep = clock.now(), timedelta(days=settings.retention_days)
    deleted = _housekeeping(settings).expire(now, keep)
    click.echo(f"Deleted {deleted:,} files with records before {now - keep:%Y-%m-%d %H:00} UTC.")


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
    housekeeping, key = _housekeeping(settings), load_records_key(settings)
    written = {name for unit in units for name in (unit, unit_key(unit, key))}  # in the log plain or hashed
    requests = housekeeping.delete_units(written, held_hours(housekeeping.records))
    shutil.rmtree(MachineDirectory(settings.machine_dir).segments, ignore_errors=True)
    click.echo(f"Deleted the records of {requests:,} requests.")
    click.echo("What machines have not shipped yet is left out of every reading, and deleted when compacted.")


def _housekeeping(settings: Settings) -> Housekeeping:
    store = open_store(settings)
    records = store.area("records")
    cache = SegmentCache(records, MachineDirectory(settings.machine_dir).segments)
    return Housekeeping(store.area("control"), records, cache)
