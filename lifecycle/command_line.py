"""What every command shares: one line for a user's mistake, its exit code, and `--json` where it reports."""

import json
import sys
from typing import Any

import click

from lifecycle.errors import PicklefleetError


class CommandGroup(click.Group):
    """A click group whose commands end with one clear line, never a stack trace, for a PicklefleetError."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PicklefleetError as problem:
            click.echo(f"Error: {problem}", err=True)
            sys.exit(problem.exit_code)


def echo_json(document: Any) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
