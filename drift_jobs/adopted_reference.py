"""A version that came without a reference: its first seven nights with enough rows become one, once and for all.

Nothing is known of labels there: such a profile has no calibration, no hold-out metrics and no importances.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
import numpy as np

from drift_jobs.judging import ADOPTED_NIGHTS
from drift_jobs.reading import Watched, answer_columns, answer_names, answers_in, rows_by_version
from drift_jobs.reports import Reports
from lifecycle.drift.power import MIN_ROWS
from lifecycle.prediction_log.drop_counts import HOUR_MS
from lifecycle.prediction_log.hour_files import Rows, Selection
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.prediction_log.record_schema import input_columns
from lifecycle.prediction_log.segment_index import held_hours
from lifecycle.profile import document as profile_document
from lifecycle.profile.profile import Profile
from lifecycle.profile.scores import score_columns
from lifecycle.reference.build import Reference, build_profile
from lifecycle.reference.recorded import plain_values
from lifecycle.signature import Signature
from lifecycle.window import day

FORMAT = 1
MAX_ROWS = 100_000  # frozen bins of more say no more


@dataclass(frozen=True, slots=True, eq=False)
class Adopted:
    """The nights, oldest first, and what was counted in them; no profile while they are fewer than seven."""

    nights: tuple[date, ...]
    profile: Profile | None = None


def with_reference(log: PredictionLog, reports: Reports, watched: Watched, night: date) -> Watched:
    """The version with the reference that it has by that night; writes nothing."""
    if watched.profile is not None:
        return watched
    found = _kept(reports, watched) or _of_log(log, watched, night)
    return replace(watched, profile=found.profile, adopted=found.nights)


def keep_reference(log: PredictionLog, reports: Reports, watched: Watched, night: date) -> bool:
    """Freeze it as soon as there are seven nights before `night`; the first one stays. True when there is one."""
    if watched.profile is not None or _kept(reports, watched) is not None:
        return True
    found = _of_log(log, watched, night)
    if found.profile is None:
        return False
    document = {
        "format": FORMAT,
        "nights": [one.isoformat() for one in found.nights],
        "profile": profile_document.to_document(found.profile),
    }
    reports.keep_reference(watched.digest, msgspec.json.encode(document))
    return True


def _kept(reports: Reports, watched: Watched) -> Adopted | None:
    data = reports.reference(watched.digest)
    if data is None:
        return None
    document = msgspec.json.decode(data)
    return Adopted(
        tuple(map(date.fromisoformat, document["nights"])),
        profile_document.from_document(document["profile"]),
    )


def _of_log(log: PredictionLog, watched: Watched, night: date) -> Adopted:
    nights = tuple(islice(_nights_with_rows(log, watched.version, night), ADOPTED_NIGHTS))
    return Adopted(nights, _profile(log, watched, nights) if len(nights) == ADOPTED_NIGHTS else None)


def _nights_with_rows(log: PredictionLog, version: str, before: date) -> Iterator[date]:
    hours = held_hours(log.records)
    night = datetime.fromtimestamp(hours.start * HOUR_MS / 1000, UTC).date() if hours else before
    while night < before:
        if rows_by_version(log, day(night)).get(version, 0) >= MIN_ROWS:
            yield night
        night += timedelta(days=1)


def _profile(log: PredictionLog, watched: Watched, nights: tuple[date, ...]) -> Profile:
    """Of at most 100,000 rows, spread evenly over the nights."""
    signature = watched.signature
    columns, answers = input_columns(signature), answer_columns(signature)
    names = [*columns.values(), *answer_names(answers)]
    rows, days = _spread(log, watched, names, nights)
    kinds = {feature.name: feature for feature in signature.inputs}
    values = {name: plain_values(kinds[name], rows[column].tolist()) for name, column in columns.items()}
    scores = score_columns(signature.outputs, answers_in(signature, answers, rows))
    return build_profile(signature, Reference(values, scores, len(days), days))


def _spread(
    log: PredictionLog, watched: Watched, names: list[str], nights: tuple[date, ...]
) -> tuple[Rows, list[str]]:
    """The rows and the day of each. Those that were asked for labels alone state no shares: they are left out."""
    which, shares = Selection(version=watched.version), _share_columns(watched.signature)
    step = -(-sum(rows_by_version(log, day(night))[watched.version] for night in nights) // MAX_ROWS)
    parts: list[Rows] = []
    days: list[str] = []
    for night in nights:
        for batch in log.scan(day(night), names, which):
            chosen = np.flatnonzero(_whole(batch, shares, len(batch[names[0]])))[::step]
            parts.append({name: values[chosen] for name, values in batch.items()})
            days += [night.isoformat()] * len(chosen)
    return {name: np.concatenate([part[name] for part in parts]) for name in names}, days


def _share_columns(signature: Signature) -> list[str]:
    return [
        name
        for output, names in zip(signature.outputs, answer_columns(signature), strict=True)
        if "predict_proba" in output.methods
        for name in names["p"]
    ]


def _whole(batch: Rows, shares: list[str], rows: int) -> Any:
    return (
        ~np.isnan(np.column_stack([batch[name] for name in shares])).any(axis=1)
        if shares
        else np.ones(rows, bool)
    )
