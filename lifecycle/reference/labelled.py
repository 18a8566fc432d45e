"""A labelled reference: rows with what was true of them, when they were, and which of them no model trained on."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from lifecycle.profile.values import Array
from lifecycle.signature import Label

HOLDOUT = "holdout"

Columns = dict[str, list[Any]]
Truth = list[Label | None]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledReference:
    """n rows. `truths` by output, None where the file has no value; `moments` in Unix ms, `fold` as it stands."""

    columns: Columns
    truths: tuple[Truth, ...]
    rows: int
    moments: list[int] | None
    fold: list[str | None] | None

    @property
    def days(self) -> list[str] | None:
        """In UTC, as nights are."""
        if self.moments is None:
            return None
        return [f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}" for ms in self.moments]

    @property
    def holdout(self) -> Array | None:
        return None if self.fold is None else np.array([fold == HOLDOUT for fold in self.fold], dtype=bool)

    @property
    def labelled(self) -> Array:
        """Which rows have a true value for every output."""
        known = [all(value is not None for value in row) for row in zip(*self.truths, strict=True)]
        return np.array(known, dtype=bool)
