"""A small world that is served and recorded, and that may change from one day to the next."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from agent.shipper import Shipper
from lifecycle.adapters.object_store import open_store
from lifecycle.model import OutputAnswer
from lifecycle.prediction import mint
from lifecycle.prediction_log.records import Feedback
from lifecycle.signature import Feature, Output, Signature
from tests.record_builders import FLEET_KEY, record, recorder

NIGHT = date(2013, 8, 1)
A_DAY = 300
OUTPUT = Output("y", "classification", ("late", "on time"), "late", ("predict_proba", "predict"))
SIGNATURE = Signature(
    (
        Feature("delay", "number", "float64"),
        Feature("origin", "category", "object"),
        Feature("member", "boolean", "bool"),
    ),
    (OUTPUT,),
)


@dataclass(frozen=True)
class World:
    """Rows of one kind, and a model that is right as often as it says."""

    rows: int = A_DAY
    shift: float = 0.0
    origins: tuple[str, ...] = ("EWR", "JFK", "LGA")
    wrong: float = 0.0

    def draw(self, seed: int) -> tuple[dict[str, list[Any]], OutputAnswer, list[Any]]:
        random = np.random.default_rng(seed)
        delay = random.normal(10 + 5 * self.shift, 5, self.rows)
        late = 1 / (1 + np.exp(-(delay - 10) / 2))
        answer = OutputAnswer(
            np.where(late > 0.5, "late", "on time").tolist(), np.column_stack([late, 1 - late]).tolist()
        )
        true = (random.random(self.rows) < late) ^ (random.random(self.rows) < self.wrong)
        columns = {
            "delay": delay.tolist(),
            "origin": random.choice(self.origins, self.rows).tolist(),
            "member": [None if draw < 0.1 else bool(draw < 0.6) for draw in random.random(self.rows)],
        }
        return columns, answer, np.where(true, "late", "on time").tolist()


Made = tuple[str, list[Any], int]


@dataclass
class Log:
    """`serve` records one request for a day, `label` tells what was true of it."""

    settings: Any
    folder: Any

    def serve(self, world: World, day: date = NIGHT, *, labelled: float = 0.0, **more: Any) -> Made:
        at_ms = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)
        columns, answer, true = world.draw(day.toordinal())
        base = mint(FLEET_KEY, world.rows, unix_ms=at_ms)
        given = {"at_ms": at_ms, "rows": world.rows, "columns": columns, "answers": [answer]}
        writing = recorder(self.folder)
        writing.prediction(SIGNATURE, record(base, **(given | more)))
        known = int(world.rows * labelled)
        if known:
            writing.feedback(_feedback(base, true[:known], at_ms))
        self._ship(writing)
        return base, true, at_ms

    def tell(self, made: Made) -> None:
        """The true values of all of a request's rows."""
        writing = recorder(self.folder)
        writing.feedback(_feedback(*made))
        self._ship(writing)

    def _ship(self, writing: Any) -> None:
        writing.close()
        Shipper(open_store(self.settings).area("records"), self.folder).ship()

    def serve_days(self, world: World, last: date, days: int, **more: Any) -> None:
        for back in range(days):
            self.serve(world, last - timedelta(days=back), **more)


def _feedback(base: str, true: list[Any], at_ms: int) -> Feedback:
    return Feedback(
        prediction_ids=[f"{base}-{row}" for row in range(len(true))],
        actuals=true,
        observed_ms=[None] * len(true),
        received_ms=at_ms + 3_600_000,
    )
