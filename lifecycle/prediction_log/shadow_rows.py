"""What a shadow answered beside what the champion did, row by row, from the log: how often, how far apart, how fast."""
# ruff: noqa: S608 - names in these statements are this file's own, or go through `quoted` or `text`

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from lifecycle.metrics import SECONDS
from lifecycle.metrics import quantile as bucket_quantile
from lifecycle.prediction_log.duck import quoted, text
from lifecycle.prediction_log.hour_files import LIVE_SOURCES, HourFiles, Selection
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.record_schema import Column, prediction_schema
from lifecycle.signature import Signature
from lifecycle.window import Window

SHOWN = 10
BOTH = Selection((*LIVE_SOURCES, "shadow"))

_OF_REQUEST = ("request_id", "prediction_id", "at_ms", "version", "arm", "source", "latency_us")
_NUMBERS = ("p", "score", "value")


@dataclass(frozen=True, slots=True)
class Difference:
    """One row: what each answered, and the largest distance between their numbers."""

    request_id: str
    row: int
    champion: dict[str, Any]
    shadow: dict[str, Any]
    distance: float


@dataclass(frozen=True, slots=True)
class Compared:
    """`agreed` counts rows with the same labels; where there are none, with the same numbers. Latencies are counts by
    bucket of `lifecycle.metrics.SECONDS`: the champion's is of its whole answer, the shadow's of its model alone.
    """

    rows: int = 0
    agreed: int = 0
    distances: float = 0.0
    largest: tuple[Difference, ...] = ()
    champion_latency: tuple[int, ...] = field(default=(0,) * (len(SECONDS) + 1))
    shadow_latency: tuple[int, ...] = field(default=(0,) * (len(SECONDS) + 1))

    @property
    def agreement(self) -> float | None:
        return self.agreed / self.rows if self.rows else None

    @property
    def mean_distance(self) -> float | None:
        return self.distances / self.rows if self.rows else None

    def __add__(self, other: "Compared") -> "Compared":
        largest = sorted((*self.largest, *other.largest), key=lambda one: -one.distance)
        return Compared(
            self.rows + other.rows,
            self.agreed + other.agreed,
            self.distances + other.distances,
            tuple(largest[:SHOWN]),
            _sum(self.champion_latency, other.champion_latency),
            _sum(self.shadow_latency, other.shadow_latency),
        )


def compare_shadow(log: PredictionLog, window: Window, version: str, signature: Signature) -> Compared:
    """All rows of the window that both answered; a row is known by its request's id, time and number."""
    work = partial(_compare_hour, version=version, columns=_answers(signature))
    return log.map_hours(window, work, Compared.__add__, which=BOTH) or Compared()


def latency(counts: Sequence[int], q: float) -> float:
    """Seconds, to within a bucket."""
    return bucket_quantile(SECONDS, counts, q)


def _answers(signature: Signature) -> tuple[Column, ...]:
    """Labels and single numbers."""
    columns = prediction_schema(signature).columns
    return tuple(one for one in columns if not one.part.startswith("c") and one.type != "DOUBLE[]")


def _compare_hour(hour: HourFiles, version: str, columns: Sequence[Column]) -> Compared:
    names = [column.name for column in columns]
    with hour.opened([*_OF_REQUEST, *names]) as connection:
        connection.execute(_pairs(version, columns))
        found = connection.execute("SELECT count(*), sum(agreed::INT), sum(distance) FROM pairs").fetchone()
        if not found or not found[0]:
            return Compared()
        largest = connection.execute(
            f"SELECT * EXCLUDE (agreed) FROM pairs WHERE NOT agreed OR distance > 0 ORDER BY distance DESC LIMIT {SHOWN}"
        ).fetchall()
        latencies = connection.execute(
            "SELECT champion_us, shadow_us FROM pairs WHERE row = '0'"
        ).fetchnumpy()
    return Compared(
        found[0],
        int(found[1]),
        float(found[2]),
        tuple(_difference(row, names) for row in largest),
        _buckets(latencies["champion_us"]),
        _buckets(latencies["shadow_us"]),
    )


def _pairs(version: str, columns: Sequence[Column]) -> str:
    labels = [quoted(column.name) for column in columns if column.part.startswith("label")]
    numbers = [quoted(column.name) for column in columns if column.part.startswith(_NUMBERS)]
    far = ", ".join(f"coalesce(abs(c.{name} - s.{name}), 0)" for name in numbers)
    same = " AND ".join(f"c.{name} IS NOT DISTINCT FROM s.{name}" for name in labels)
    unlabelled = " AND ".join(f"c.{name} IS NULL" for name in labels)
    distance = f"greatest({far})" if far else "0.0"
    shown = ", ".join(f"{side}.{quoted(column.name)}" for side in "cs" for column in columns)
    row = "split_part(prediction_id, '-', 2) AS row"
    return (
        "CREATE OR REPLACE TEMP TABLE pairs AS "
        f"WITH s AS (SELECT *, {row} FROM predictions WHERE source = 'shadow' AND version = {text(version)}), "
        f"c AS (SELECT *, {row} FROM predictions WHERE source <> 'shadow' AND arm = 'champion') "
        f"SELECT c.request_id, row, {distance} AS distance, c.latency_us AS champion_us, s.latency_us AS shadow_us, "
        f"CASE WHEN {unlabelled} THEN {distance} = 0 ELSE {same} END AS agreed, {shown} "
        "FROM s JOIN c USING (request_id, at_ms, row)"
    )


def _difference(row: tuple[Any, ...], names: Sequence[str]) -> Difference:
    request_id, number, distance, _, _, *answers = row
    champion, shadow = answers[: len(names)], answers[len(names) :]
    return Difference(request_id, int(number), _told(names, champion), _told(names, shadow), float(distance))


def _told(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _buckets(micros: Any) -> tuple[int, ...]:
    places = np.searchsorted(np.asarray(SECONDS), np.asarray(micros, dtype=np.float64) / 1e6)
    return tuple(int(count) for count in np.bincount(places, minlength=len(SECONDS) + 1))


def _sum(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(first + second for first, second in zip(one, other, strict=True))
