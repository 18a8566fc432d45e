"""Commands that take a foreign model file in: inspect, register."""

import getpass
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from intake.options import model_options, request_from_options
from lifecycle.command_line import CommandGroup, echo_json

main = CommandGroup("intake", help="Take a foreign model file in.")


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--allow", multiple=True, metavar="MODULE:NAME", help="Allow one more global, after reading it."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def inspect(path: Path, allow: tuple[str, ...], as_json: bool) -> None:
    """Show what a model file holds, without executing any of it.

    Ends with 0 if nothing stands against registering it, 1 if something does, 2 if it could not be read.
    """
    from intake.inspection import Verdict, inspect_file
    from intake.presentation import present
    from lifecycle.pickles.allow_list import AllowList
    from lifecycle.runtime import installed_libraries

    inspection = inspect_file(path, AllowList.default().with_extra(allow), installed_libraries())
    if as_json:
        echo_json(inspection.to_document())
    else:
        click.echo(present(inspection))
    sys.exit({Verdict.SERVABLE: 0, Verdict.REFUSED: 1, Verdict.UNREADABLE: 2}[inspection.verdict])


@main.command()
@model_options
@click.option("--json", "as_json", is_flag=True, help="Print the version as JSON.")
def register(as_json: bool, **options: Any) -> None:
    """Turn MODEL into a signed version in the registry.

    The file is inspected without executing it, then loaded in a process without network, secrets or store; what it
    accepts and answers is learned from the model and the sample, and proven on golden rows.
    """
    from intake.register import register as make_version
    from lifecycle import settings
    from lifecycle.adapters.opening import open_registry, open_signing_key

    loaded = settings.load()
    key = open_signing_key("registration", loaded)
    entry = make_version(request_from_options(options), open_registry(loaded), key, getpass.getuser())
    if as_json:
        echo_json(asdict(entry))
        return
    click.echo(f"Registered {entry.name} {entry.version} ({entry.digest[:12]}).")
    click.echo(f"Next: picklefleet approve {entry.version} && picklefleet promote {entry.version}")


if __name__ == "__main__":
    main()
