"""Counts of one minute of one population, such as the requests that one arm answered. Cells are added."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import msgspec

from lifecycle.metrics import SECONDS

Source = Literal["live", "shadow", "edge"]
Ending = Literal["ok", "refused", "failed", "timeout"]
RowClass = Literal["one", "some", "many"]
ROW_CLASSES: tuple[RowClass, ...] = get_args(RowClass)

LATENCY_BUCKETS = len(SECONDS) + 1


class Cell(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A population is who answered (`version`, `arm`) and whose count it is (`source`).

    `live`: requests that somebody waited for, counted by the application; `shadow`: copies of them; `edge`: what
    the edge proxy saw, of which it knows no version. `latency`: by row class, requests by bucket of
    `lifecycle.metrics.SECONDS`. `scores`: one row a request, by bin, for each column that ScoreBins names.
    `compared`, `disagreed`: shadows only, one row a request.
    """

    version: str = ""
    arm: str = ""
    source: Source = "live"
    ok: int = 0
    refused: int = 0
    failed: int = 0
    timeout: int = 0
    rows: int = 0
    latency: dict[str, dict[int, int]] = {}
    scores: dict[str, list[int]] = {}
    compared: int = 0
    disagreed: int = 0

    @property
    def population(self) -> tuple[str, str, Source]:
        """Cells with the same one may be added."""
        return self.version, self.arm, self.source

    @property
    def answered(self) -> int:
        """Requests that were not the caller's own fault."""
        return self.ok + self.failed + self.timeout

    @property
    def broken(self) -> int:
        return self.failed + self.timeout

    def count(self, ending: Ending, rows: int, seconds: float | None) -> None:
        """`seconds`: how long it took; None where that tells nothing."""
        setattr(self, ending, getattr(self, ending) + 1)
        self.rows += rows
        if ending == "ok" and seconds is not None:
            buckets = self.latency.setdefault(row_class(rows), {})
            bucket = bisect_left(SECONDS, seconds)
            buckets[bucket] = buckets.get(bucket, 0) + 1

    def count_score(self, column: str, place: int, places: int) -> None:
        self.scores.setdefault(column, [0] * places)[place] += 1

    def add(self, other: "Cell") -> None:
        """Of the same population."""
        for name in ("ok", "refused", "failed", "timeout", "rows", "compared", "disagreed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for rows, buckets in other.latency.items():
            mine = self.latency.setdefault(rows, {})
            for bucket, times in buckets.items():
                mine[bucket] = mine.get(bucket, 0) + times
        for column, counts in other.scores.items():
            self.scores[column] = _added(self.scores.get(column), counts)


def row_class(rows: int) -> RowClass:
    """Requests of one row, of 2 to 100 and of more are never compared with one another."""
    return "one" if rows == 1 else "some" if rows <= 100 else "many"


def together(cells: Iterable[Cell]) -> list[Cell]:
    """One cell for each population among them, as new objects."""
    found: dict[tuple[str, str, Source], Cell] = {}
    for cell in cells:
        version, arm, source = cell.population
        found.setdefault(cell.population, Cell(version=version, arm=arm, source=source)).add(cell)
    return list(found.values())


def _added(mine: list[int] | None, theirs: Sequence[int]) -> list[int]:
    if mine is None:
        return list(theirs)
    return [first + second for first, second in zip(mine, theirs, strict=True)]
