"""`picklefleet web`: this process becomes Gunicorn with the web house, for units and containers of its own."""

import os

import click

from lifecycle import settings as settings_module
from lifecycle.settings import environment_for
from picklefleet.serve import web_command


@click.command()
def web() -> None:
    """Answer requests with what the agent brought to this machine; the setting BIND says where.

    SIGTERM lets begun requests finish.
    """
    command = web_command()
    os.execve(command[0], command, environment_for(settings_module.load(), {}))  # noqa: S606 - our own program
