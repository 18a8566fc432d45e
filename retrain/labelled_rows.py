"""Rows to learn from: what the model was asked, what turned out to be true, and where each row comes from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from lifecycle.profile.values import Array
from lifecycle.reference.labelled import Columns, LabelledReference, Truth

NO_TIME = -1


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRows:
    """n rows. `truths` by output; `at_ms` is when each was predicted (NO_TIME: not known); `requests` and `owners`
    are empty texts for rows of the base set.
    """

    columns: Columns
    truths: tuple[Truth, ...]
    at_ms: list[int]
    requests: list[str]
    owners: list[str]

    def __len__(self) -> int:
        return len(self.at_ms)

    def take(self, rows: Sequence[int] | Array) -> "LabelledRows":
        chosen = [int(row) for row in rows]
        return LabelledRows(
            {name: [values[row] for row in chosen] for name, values in self.columns.items()},
            tuple([truth[row] for row in chosen] for truth in self.truths),
            [self.at_ms[row] for row in chosen],
            [self.requests[row] for row in chosen],
            [self.owners[row] for row in chosen],
        )

    def where(self, mask: Array) -> "LabelledRows":
        return self.take(np.flatnonzero(mask))

    def digest(self) -> str:
        """SHA-256 of all values and true values in their order: what a model was fitted on, whoever asks again."""
        content = [self.columns, self.truths, self.at_ms]
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def of_reference(reference: LabelledReference) -> LabelledRows:
    """Rows of the base set. They have no owner: they never came by feedback."""
    nobody = [""] * reference.rows
    moments = reference.moments or [NO_TIME] * reference.rows
    return LabelledRows(reference.columns, reference.truths, list(moments), nobody, nobody)


def joined(first: LabelledRows, second: LabelledRows) -> LabelledRows:
    columns: dict[str, list[Any]] = {
        name: values + second.columns[name] for name, values in first.columns.items()
    }
    return LabelledRows(
        columns,
        tuple(one + other for one, other in zip(first.truths, second.truths, strict=True)),
        first.at_ms + second.at_ms,
        first.requests + second.requests,
        first.owners + second.owners,
    )
