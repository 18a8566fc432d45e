"""A version's rows in the log → counts against its profile, an hour at a time, and the shares that it stated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce
from typing import Any

import numpy as np

from lifecycle.model import OutputAnswer
from lifecycle.performance.metrics import Classified
from lifecycle.prediction_log.hour_files import HourFiles, Rows, Selection
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.record_schema import input_columns, prediction_schema
from lifecycle.profile.counts import ColumnCounts, Counts, merge
from lifecycle.profile.profile import Profile, count
from lifecycle.profile.scores import positive_index, score_columns
from lifecycle.profile.values import Array
from lifecycle.signature import Output, Signature
from lifecycle.window import Window

MAX_ESTIMATED_ROWS = 20_000  # 200 simulations of more rows say no more, and take minutes


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A registered version and what nights judge it by. `adopted`: the nights that stand for a reference that was
    not given; no profile before there are enough of them.
    """

    version: str
    digest: str
    signature: Signature
    profile: Profile | None
    metric: str
    adopted: tuple[date, ...] = ()


def rows_by_version(log: PredictionLog, window: Window) -> dict[str, int]:
    return dict(sorted((log.map_hours(window, _count_versions, _add) or {}).items()))


def hours_with_rows(log: PredictionLog, window: Window) -> int:
    return sum(1 for hour in log.hours(window) if hour.query(["at_ms"], "SELECT 1 FROM predictions LIMIT 1"))


def count_window(log: PredictionLog, window: Window, watched: Watched, profile: Profile) -> Counts | None:
    """None when the window holds no row of that version."""
    work = partial(_count_hour, watched.signature, profile)
    counts = log.map_hours(window, work, merge, which=Selection(version=watched.version))
    return counts if counts is not None and counts.rows else None


def stated_shares(log: PredictionLog, window: Window, watched: Watched, rows: int) -> Classified | None:
    """What the first output stated, of about 20,000 of the window's rows; None where it states no shares."""
    output = watched.signature.outputs[0]
    names = _answer_columns(watched.signature, 0)
    if "predict_proba" not in output.methods:
        return None
    which = Selection(version=watched.version)
    step = max(1, -(-rows // MAX_ESTIMATED_ROWS))
    batches = [
        tuple(part[::step] for part in _stated(batch, output, names))
        for batch in log.scan(window, _flat(names), which)
    ]
    chosen = np.concatenate([one for one, _ in batches]) if batches else np.zeros(0, dtype=np.int64)
    if not len(chosen):
        return None
    shares = np.concatenate([table for _, table in batches])
    return Classified(len(output.labels), chosen, shares, positive_index(output))


def _count_versions(hour: HourFiles) -> dict[str, int]:
    return dict(hour.query(["version"], "SELECT version, count(*) FROM predictions GROUP BY version"))


def _add(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {version: one.get(version, 0) + other.get(version, 0) for version in one.keys() | other.keys()}


def _count_hour(signature: Signature, profile: Profile, hour: HourFiles) -> Counts:
    columns = [*input_columns(signature).values(), *answer_names(answer_columns(signature)), "at_ms"]
    return reduce(merge, (_count_rows(signature, profile, rows) for rows in hour.batches(columns)))


def _count_rows(signature: Signature, profile: Profile, rows: Rows) -> Counts:
    columns, answers = input_columns(signature), answer_columns(signature)
    total = len(rows["at_ms"])
    features = {name: _as_recorded(signature, name, rows[column]) for name, column in columns.items()}
    counted = count(profile, features, {}, total)
    return Counts(total, counted.features, _count_scores(signature, profile, answers, rows))


def _as_recorded(signature: Signature, name: str, values: Array) -> Array | list[bool | None]:
    """A column of booleans with missing values is read as numbers."""
    kind = next(feature.kind for feature in signature.inputs if feature.name == name)
    if kind == "boolean" and values.dtype.kind == "f":
        return [None if np.isnan(value) else bool(value) for value in values]
    return values


def _count_scores(
    signature: Signature, profile: Profile, answers: list[dict[str, list[str]]], rows: Rows
) -> dict[str, ColumnCounts]:
    """Rows that were asked for labels alone have no shares: these are left out, they are not missing."""
    found = (
        score_columns(signature.outputs, answers_in(signature, answers, rows)) if len(rows["at_ms"]) else {}
    )
    counted = {}
    for name, column in profile.scores.items():
        values: Any = found[name][1] if name in found else []
        if isinstance(values, np.ndarray) and signature.outputs[0].task == "classification":
            values = values[~np.isnan(values)]
        counted[name] = column.count(values)
    return counted


def answers_in(
    signature: Signature, answers: list[dict[str, list[str]]], rows: Rows
) -> tuple[OutputAnswer, ...]:
    return tuple(
        _answer(output, names, rows) for output, names in zip(signature.outputs, answers, strict=True)
    )


def answer_columns(signature: Signature) -> list[dict[str, list[str]]]:
    return [_answer_columns(signature, index) for index in range(len(signature.outputs))]


def answer_names(answers: list[dict[str, list[str]]]) -> list[str]:
    return [name for each in answers for name in _flat(each)]


def _answer(output: Output, names: dict[str, list[str]], rows: Rows) -> OutputAnswer:
    if "predict_proba" in output.methods:
        return OutputAnswer(labels=[], probabilities=_table(rows, names["p"]).tolist())
    if "decision_function" in output.methods and len(output.labels) == 2:
        return OutputAnswer(labels=[], scores=rows[names["score"][0]].tolist())
    if output.task == "classification":
        return OutputAnswer(labels=rows[names["label"][0]].tolist())
    return OutputAnswer(values=rows[names["value"][0]].tolist())


def _stated(rows: Rows, output: Output, names: dict[str, list[str]]) -> tuple[Array, Array]:
    shares = _table(rows, names["p"])
    known = {label: index for index, label in enumerate(output.labels)}
    chosen = np.array([known.get(label, -1) for label in rows[names["label"][0]].tolist()], dtype=np.int64)
    whole = (chosen >= 0) & ~np.isnan(shares).any(axis=1)
    return chosen[whole], shares[whole]


def _table(rows: Rows, names: list[str]) -> Array:
    return np.column_stack([np.asarray(rows[name], dtype=np.float64) for name in names])


def _answer_columns(signature: Signature, index: int) -> dict[str, list[str]]:
    """Part (label, p, score, value) → its columns in the log."""
    return {part: list(_columns_of(signature, f"{part}{index}")) for part in ("label", "p", "score", "value")}


def _columns_of(signature: Signature, part: str) -> Iterator[str]:
    return (column.name for column in prediction_schema(signature).columns if column.part == part)


def _flat(names: dict[str, list[str]]) -> list[str]:
    return [name for each in names.values() for name in each]
