"""A year of flights through the running service, and every night of it judged: what is found, month by month."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from samples.installation import Installation
from samples.story import first_champion, installation

FIRST_DAY, END = date(2013, 1, 1), date(2014, 1, 1)
_REPLAYED = "replayed"

Tell = Callable[[str], None]


def play(folder: Path, files: Path, tell: Tell) -> list[dict[str, Any]]:
    """The reports of the year, oldest first. What is done in `folder` is not done again: a replay takes half an hour.

    Raises PicklefleetError where a command of it fails.
    """
    here = installation(folder)
    if not (folder / _REPLAYED).exists():
        _replay(here, files, tell)
        (folder / _REPLAYED).touch()
    return list(_judged(here, tell))


def _replay(here: Installation, files: Path, tell: Tell) -> None:
    """January to March lie in the reference, the other months were held back."""
    here.folder.mkdir(parents=True, exist_ok=True)
    first_champion(here, files)
    with here.serving():
        for data, first, last in (
            (files / "flights-reference.csv", FIRST_DAY, date(2013, 4, 1)),
            (files / "flights-later.csv.gz", date(2013, 4, 1), END),
        ):
            tell(f"{first} to {last}: through the service …")
            here.run("replay", "flights", "--from", first, "--to", last, "--data", data, "--url", here.base)
    tell("Compacting the log …")
    here.run("log", "compact")


def _judged(here: Installation, tell: Tell) -> Iterator[dict[str, Any]]:
    """A month at a time. A night that was judged before is only read."""
    for month, following in pairwise([*(date(2013, month, 1) for month in range(1, 13)), END]):
        tell(f"{month:%B}: judging its nights …")
        lines = here.run("work", "--once", f"{month}..{following}", "--json", quiet=True).splitlines()
        yield from map(json.loads, lines)
