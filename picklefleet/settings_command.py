"""`picklefleet settings`: every setting, its value and where it came from."""

from dataclasses import asdict

import click

from lifecycle import settings
from lifecycle.command_line import echo_json


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The documentation page docs/settings.md.")
def settings_command(as_json: bool, as_markdown: bool) -> None:
    """Show every setting, its value and origin. Secrets are never shown."""
    if as_markdown:
        click.echo(settings.markdown(), nl=False)
        return
    rows = settings.describe()
    if as_json:
        echo_json([asdict(row) for row in rows])
        return
    width = max(len(row.name) for row in rows)
    for row in rows:
        click.echo(f"{row.name:{width}}  {row.value or '-'}  ({row.origin})\n{'':{width}}  {row.help}")
