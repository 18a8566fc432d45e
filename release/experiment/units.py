"""What became of each unit: which arm it got, and whether its first labelled answer was right."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from lifecycle.gate.blocks import Block, Blocks, Share
from lifecycle.performance.outcomes import Outcomes, OutputColumns
from lifecycle.policy import VersionRef
from lifecycle.prediction_log.hour_files import Rows, Selection
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.signature import Signature
from lifecycle.window import Window

_UNIT = "unit"
_NAMED_BY = ("unit_id", "request_id")


@dataclass(slots=True)
class Arm:
    """`assigned`: every unit that it answered; `right`: of those with a true value when, and whether it was right."""

    assigned: set[str] = field(default_factory=set)
    right: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def add(self, outcomes: Outcomes, tolerance: float | None) -> None:
        """The first labelled row of a unit stands: one unit, one outcome."""
        for unit, at_ms, right in zip(
            outcomes.segment.tolist(), outcomes.at_ms.tolist(), _right(outcomes, tolerance), strict=True
        ):
            known = self.right.get(unit)
            if known is None or at_ms < known[0]:
                self.right[unit] = (at_ms, bool(right))


@dataclass(frozen=True, slots=True)
class Arms:
    challenger: Arm
    champion: Arm

    def crossed(self) -> int:
        """Units that both have answered: assignment is sticky, so these came before or after a change."""
        return len(self.challenger.assigned & self.champion.assigned)

    def blocks(self, minutes: int = 60) -> Blocks:
        """So many minutes each, of units by their first labelled answer; hits are right answers."""
        challenger, champion = (_by_stretch(arm, minutes) for arm in (self.challenger, self.champion))
        return tuple(
            Block(stretch * minutes, challenger[stretch], champion[stretch])
            for stretch in sorted(challenger.keys() & champion.keys())
        )


def read_arms(
    log: PredictionLog,
    window: Window,
    versions: tuple[VersionRef, VersionRef],
    signature: Signature,
    tolerance: float | None,
) -> Arms:
    """`versions`: challenger and champion, which answer with the same signature."""
    columns = OutputColumns.of(signature, 0)
    challenger, champion = (_read_arm(log, window, one, columns, tolerance) for one in versions)
    return Arms(challenger, champion)


def _read_arm(
    log: PredictionLog, window: Window, version: VersionRef, columns: OutputColumns, tolerance: float | None
) -> Arm:
    arm, which = Arm(), Selection(version=version.version)
    for rows in log.scan(window, _NAMED_BY, which):
        arm.assigned.update(_units(rows).tolist())
    for rows in log.labelled(window, ["at_ms", *_NAMED_BY, *columns.names], which):
        arm.add(columns.read({**rows, _UNIT: _units(rows)}, _UNIT), tolerance)
    return arm


def _units(rows: Rows) -> np.ndarray:
    """A request without a unit id is a unit by its request id, as it was assigned."""
    named, requests = rows["unit_id"], rows["request_id"]
    return np.array(
        [unit or request for unit, request in zip(named.tolist(), requests.tolist(), strict=True)]
    )


def _right(outcomes: Outcomes, tolerance: float | None) -> list[bool]:
    if outcomes.output.task == "regression":
        return list(np.abs(outcomes.chosen - outcomes.truth) <= (tolerance or 0.0))
    return list(outcomes.chosen == outcomes.truth)


def _by_stretch(arm: Arm, minutes: int) -> dict[int, Share]:
    units = _counted(arm.right.values(), minutes)
    hits = _counted((one for one in arm.right.values() if one[1]), minutes)
    return {stretch: Share(n, hits[stretch]) for stretch, n in units.items()}


def _counted(outcomes: Iterable[tuple[int, bool]], minutes: int) -> Counter[int]:
    return Counter(at_ms // (60_000 * minutes) for at_ms, _ in outcomes)
