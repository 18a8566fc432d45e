"""Train and compare: split by the time of prediction, the newest part compares, no request is on both sides."""

from dataclasses import dataclass

import numpy as np

from lifecycle.profile.values import Array
from lifecycle.reference.labelled import LabelledReference
from retrain.labelled_rows import LabelledRows, joined, of_reference
from retrain.limits import COMPARED_SHARE, MIN_COMPARED, MIN_LOG_ROWS, MIN_ROWS
from retrain.stopped import TrainingStoppedError


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """`train` begins with `filled` rows of the base set, then come those of the log by time. `trusted` is the base
    set's hold-out: no model is ever trained on it, and no feedback ever enters it.
    """

    train: LabelledRows
    compare: LabelledRows
    trusted: LabelledRows
    filled: int


def split(log_rows: LabelledRows, base: LabelledReference) -> Split:
    """`log_rows` are in the order of time. Raises TrainingStoppedError when there are too few of them."""
    older, newer = _by_time(log_rows)
    fill = _fill(base, MIN_ROWS - len(older))
    holdout = base.holdout
    trusted = of_reference(base).take([]) if holdout is None else _labelled(base, holdout)
    return Split(joined(fill, older), newer, trusted, len(fill))


def _by_time(rows: LabelledRows) -> tuple[LabelledRows, LabelledRows]:
    wanted = max(MIN_COMPARED, -(-len(rows) * int(COMPARED_SHARE * 100) // 100))
    if len(rows) < MIN_COMPARED + MIN_LOG_ROWS:
        raise TrainingStoppedError(
            f"{len(rows):,} labelled rows of mature days; at least {MIN_COMPARED + MIN_LOG_ROWS:,} are needed: "
            f"{MIN_COMPARED} to compare and {MIN_LOG_ROWS} to learn from.",
            fix="Send more true values, or wait until the days are mature: picklefleet performance --last 90d",
        )
    times = np.array(rows.at_ms)
    newest = times >= times[len(rows) - wanted]
    on_both = set(np.array(rows.requests, dtype=object)[newest])
    newest = np.array([request in on_both for request in rows.requests], dtype=bool)
    if int((~newest).sum()) < MIN_LOG_ROWS:
        raise TrainingStoppedError(
            "Nearly all labelled rows belong to the newest requests: nothing older is left to learn from.",
            fix="Wait for labels of more requests.",
        )
    return rows.where(~newest), rows.where(newest)


def _fill(base: LabelledReference, wanted: int) -> LabelledRows:
    """The newest rows of the base set that may be trained on, oldest of them first."""
    rows = _labelled(base, np.ones(base.rows, dtype=bool) if base.holdout is None else ~base.holdout)
    newest = np.argsort(rows.at_ms, kind="stable")[max(0, len(rows) - max(0, wanted)) :]
    return rows.take(newest)


def _labelled(base: LabelledReference, where: Array) -> LabelledRows:
    return of_reference(base).where(base.labelled & where)
