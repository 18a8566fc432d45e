"""How commands are told of a night, and of several."""

from datetime import UTC, date, datetime
from typing import Any

import click

from lifecycle.errors import PicklefleetError
from lifecycle.window import parse


class Night(click.ParamType[date]):
    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return (
                value
                if isinstance(value, date)
                else datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
            )
        except ValueError:
            self.fail(f"{value!r} is no day such as 2013-08-01.", param, ctx)


class Nights(click.ParamType[tuple[date, ...]]):
    name = "DATE[..DATE]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[date, ...]:
        """A day, or days such as 2013-08-01..2013-09-01 of which the last is not included, oldest first."""
        if isinstance(value, tuple):
            return value
        try:
            stretch = parse(value, datetime(2000, 1, 1, tzinfo=UTC)) if "-" in value else None
        except PicklefleetError:
            stretch = None
        if stretch is None:
            self.fail(
                f"{value!r} is no day such as 2013-08-01, nor days such as 2013-08-01..2013-09-01.",
                param,
                ctx,
            )
        return tuple(day.start.date() for day in stretch.days())
