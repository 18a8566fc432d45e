"""`picklefleet healthy`: the health check of a container, whatever command runs in it."""

import sys

import click

from lifecycle import settings as settings_module
from lifecycle.errors import SettingsError
from lifecycle.heartbeats import folder_of, fresh
from lifecycle.settings import PREFIX


@click.command()
def healthy() -> None:
    """End with 0 when the process of this container has shown of late that it can do its work.

    Nothing is asked of the process itself: one that is merely busy is healthy.
    """
    settings = settings_module.load()
    folder = folder_of(settings.bind, settings.heartbeat_dir)
    if folder is None:
        raise SettingsError("No process shows a heartbeat here.", fix=f"Set {PREFIX}HEARTBEAT_DIR.")
    count = fresh(folder)
    click.echo(f"{count} alive" if count else "No process has shown of late that it lives.")
    sys.exit(0 if count else 1)
