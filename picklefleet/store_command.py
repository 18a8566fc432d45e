"""`picklefleet store`: what a store needs before its first use."""

import click

from lifecycle import settings as settings_module
from lifecycle.adapters.azure_containers import create_containers
from lifecycle.command_line import CommandGroup


@click.group(cls=CommandGroup)
def store() -> None:
    """The one place of everything durable."""


@store.command("init")
def init() -> None:
    """Make the containers of a store at az://, with the account's key; a directory needs nothing.

    On Azure itself Terraform makes them, with a right of its own on each.
    """
    made = create_containers(settings_module.load())
    click.echo(f"Made {', '.join(made)}." if made else "Everything is there.")
