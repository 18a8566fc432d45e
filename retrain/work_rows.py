"""The rows of one retraining in a file of its folder: written once they are split, read by each child."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lifecycle.reference.base_set import read_base_set, write_base_set
from lifecycle.reference.labelled import HOLDOUT, LabelledReference
from lifecycle.signature import Signature
from retrain.labelled_rows import NO_TIME, LabelledRows, joined, of_reference
from retrain.splitting import Split

MIN_PROFILED = 2000
_BASE, _TRAIN, _COMPARE, _TRUSTED = "base", "train", "compare", "trusted"


@dataclass(frozen=True, slots=True, eq=False)
class WorkRows:
    """All rows, and on which side each is."""

    rows: LabelledRows
    sides: list[str]

    @property
    def train(self) -> LabelledRows:
        return self._of(_BASE, _TRAIN)

    @property
    def compare(self) -> LabelledRows:
        return self._of(_COMPARE)

    @property
    def trusted(self) -> LabelledRows:
        return self._of(_TRUSTED)

    @property
    def of_log(self) -> LabelledRows:
        return self._of(_TRAIN, _COMPARE)

    def reference(self) -> LabelledReference:
        """What the challenger's profile is made of: what it was trained on, and the newest rows as its hold-out.

        Rows of the base set without a time stay out where the log has enough: they belong to no day.
        """
        timeless = NO_TIME in self._of(_BASE).at_ms
        kept = [_TRAIN, _COMPARE]
        if not timeless or len(self.of_log) < MIN_PROFILED:
            kept.insert(0, _BASE)
        where = np.array([side in kept for side in self.sides], dtype=bool)
        rows = self.rows.where(where)
        fold = [HOLDOUT if self.sides[row] == _COMPARE else "train" for row in np.flatnonzero(where)]
        moments = None if NO_TIME in rows.at_ms else rows.at_ms
        return LabelledReference(rows.columns, rows.truths, len(rows), moments, list(fold))

    def _of(self, *sides: str) -> LabelledRows:
        return self.rows.where(np.array([side in sides for side in self.sides], dtype=bool))


def work_rows(split: Split) -> WorkRows:
    sides = [_BASE] * split.filled + [_TRAIN] * (len(split.train) - split.filled)
    sides += [_COMPARE] * len(split.compare) + [_TRUSTED] * len(split.trusted)
    return WorkRows(joined(joined(split.train, split.compare), split.trusted), sides)


def write_work(work: WorkRows, signature: Signature, path: Path) -> None:
    rows = work.rows
    table = LabelledReference(rows.columns, rows.truths, len(rows), rows.at_ms, list(work.sides))
    write_base_set(table, signature, path)


def read_work(path: Path, signature: Signature) -> WorkRows:
    stored = read_base_set(path, signature)
    return WorkRows(of_reference(stored), [side or "" for side in stored.fold or []])
