"""The log's labelled rows of the last 90 days, of mature days only, and what was left out and why."""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from lifecycle.prediction_log.hour_files import Rows
from lifecycle.prediction_log.reading import LABELS, PredictionLog
from lifecycle.prediction_log.record_schema import input_columns
from lifecycle.profile.values import Array
from lifecycle.reference.recorded import plain_values, true_values
from lifecycle.signature import Signature
from lifecycle.window import Window
from retrain.caps import capped
from retrain.labelled_rows import LabelledRows
from retrain.limits import WINDOW_DAYS
from retrain.maturity import DAY_MS, mature_days
from retrain.stopped import TrainingStoppedError

_BESIDE = ("prediction_id", "at_ms", "owner", "version", *LABELS)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """In rows. `seen` is everything in the window; what is not named below was kept.

    `selection` is the share of rows without a label in mature days: who gets no label may be unlike the others.
    """

    seen: int
    other_versions: int
    immature: int
    unlabelled: int
    conflicts: int
    no_true_value: int
    beyond_key_share: int
    mature_days: int

    @property
    def selection(self) -> float:
        mature = self.seen - self.other_versions - self.immature
        return self.unlabelled / mature if mature else 0.0

    def to_document(self) -> dict[str, Any]:
        return asdict(self) | {"unlabelled_share": self.selection}


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """`rows` by time; `unlabelled` are the inputs of the mature days' rows without a label."""

    rows: LabelledRows
    unlabelled: dict[str, list[Any]]
    left_out: LeftOut


def window_of(as_of: datetime) -> Window:
    return Window(as_of - timedelta(days=WINDOW_DAYS), as_of)


def refuse_private(signature: Signature) -> None:
    """The log holds no plain value of a private feature: a model must not be fitted on hashes of it."""
    private = [f"{one.name} ({one.privacy})" for one in signature.inputs if one.privacy != "keep"]
    if private:
        raise TrainingStoppedError(
            f"The log does not keep these features as the model gets them: {', '.join(private)}.",
            fix="Retrain from your own data and register the result, or keep these features in the log.",
        )


def gather(
    log: PredictionLog,
    signature: Signature,
    versions: Collection[str],
    as_of: datetime,
    key_share: float,
) -> Gathered:
    """Rows that `versions` answered. A label that came after `as_of` is not known yet."""
    table = _read(log, signature, versions, as_of)
    as_of_ms = int(as_of.timestamp() * 1000)
    labelled = _labelled(table, as_of_ms)
    lags = (table["received_ms"][labelled].astype(np.float64) - table["at_ms"][labelled]) / 1000
    days = table["at_ms"] // DAY_MS
    mature = np.isin(days, list(mature_days(days, labelled, lags, as_of_ms)))
    conflicts = mature & labelled & table["conflict"].astype(bool)
    usable = mature & labelled & ~conflicts
    rows = _rows(table, usable, signature)
    known = np.array([None not in truths for truths in zip(*rows.truths, strict=True)], dtype=bool)
    within = known & _within_share(rows, known, key_share)
    unlabelled = mature & ~labelled
    left_out = LeftOut(
        int(table["seen"][0]),
        int(table["seen"][0]) - len(days),
        int((~mature).sum()),
        int(unlabelled.sum()),
        int(conflicts.sum()),
        int((~known).sum()),
        int((known & ~within).sum()),
        len(np.unique(days[mature])),
    )
    return Gathered(rows.where(within), _inputs(table, unlabelled, signature), left_out)


def _within_share(rows: LabelledRows, known: Array, share: float) -> Array:
    kept: Array = np.zeros(len(rows), dtype=bool)
    chosen = np.flatnonzero(known)
    kept[chosen] = capped([rows.owners[row] for row in chosen], share)
    return kept


def _read(log: PredictionLog, signature: Signature, versions: Collection[str], as_of: datetime) -> Rows:
    """Every row of these versions in one table, by time and id; `seen` counts those of all versions."""
    names = [*input_columns(signature).values(), "at_ms", "owner", "version"]
    parts: list[Rows] = []
    seen = 0
    for batch in log.labelled(window_of(as_of), names, all_rows=True):
        seen += len(batch["at_ms"])
        parts.append(_of_versions(batch, versions))
    if not sum(len(part["at_ms"]) for part in parts):
        raise TrainingStoppedError(
            f"The log has no rows of {', '.join(sorted(versions))} in the {WINDOW_DAYS} days before {as_of:%Y-%m-%d}.",
            fix="Serve the model first; for replayed days give --as-of.",
        )
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((table["prediction_id"].astype(str), table["at_ms"]))
    return {name: values[order] for name, values in table.items()} | {"seen": np.array([seen])}


def _of_versions(batch: Rows, versions: Collection[str]) -> Rows:
    where = np.isin(batch["version"].astype(str), list(versions))
    return {name: values[where] for name, values in batch.items()}


def _labelled(table: Rows, as_of_ms: int) -> Array:
    told: Array = np.array([text is not None for text in table["actual"].tolist()], dtype=bool)
    known: Array = told & (np.nan_to_num(table["received_ms"].astype(np.float64), nan=np.inf) <= as_of_ms)
    return known


def _rows(table: Rows, where: Array, signature: Signature) -> LabelledRows:
    part = {name: table[name][where] for name in _BESIDE}
    return LabelledRows(
        _inputs(table, where, signature),
        true_values(signature, part["actual"].tolist(), part["actual_number"].tolist()),
        [int(value) for value in part["at_ms"].tolist()],
        [str(value).rsplit("-", 1)[0] for value in part["prediction_id"].tolist()],
        [value or "" for value in part["owner"].tolist()],
    )


def _inputs(table: Rows, where: Array, signature: Signature) -> dict[str, list[Any]]:
    return dict(_plain_inputs(table, where, signature))


def _plain_inputs(table: Rows, where: Array, signature: Signature) -> Iterator[tuple[str, list[Any]]]:
    columns = input_columns(signature)
    for feature in signature.inputs:
        yield feature.name, plain_values(feature, table[columns[feature.name]][where].tolist())
