"""A profile as a JSON document and back. Long arrays are packed (8-byte numbers, bytes of equal weight side by
side, deflated, base 64), which keeps 1,024 edges and their counts of a feature within about 14 KiB.
"""

import base64
import math
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec
import numpy as np

from lifecycle.errors import CorruptBundleError
from lifecycle.performance.baseline import Baseline
from lifecycle.performance.calibration import Calibration
from lifecycle.profile.bins import MAX_EDGES, Bins, CategoryBins, NumberBins
from lifecycle.profile.counts import ColumnCounts, Counts, Moments
from lifecycle.profile.profile import FORMAT, Column, Profile, Variation
from lifecycle.profile.values import Array

_LARGEST = 8 * (MAX_EDGES + 1)

Document = dict[str, Any]


def to_document(profile: Profile) -> Document:
    return {
        "format": FORMAT,
        "features": {name: _column(column) for name, column in profile.features.items()},
        "scores": {name: _column(column) for name, column in profile.scores.items()},
        "unprofiled": dict(profile.unprofiled),
        "fold": profile.fold,
        "importances": dict(profile.importances),
        "calibrations": {name: msgspec.to_builtins(each) for name, each in profile.calibrations.items()},
        "baselines": {
            output: {metric: _baseline(each) for metric, each in metrics.items()}
            for output, metrics in profile.baselines.items()
        },
        "reference_alarms": profile.reference_alarms,
        "plot_rows": {name: [_json(value) for value in values] for name, values in profile.plot_rows.items()},
    }


def from_document(document: Mapping[str, Any]) -> Profile:
    """Unknown fields are ignored. Raises CorruptBundleError for another format or any other shape."""
    if document.get("format") != FORMAT:
        raise CorruptBundleError(
            f"The profile has format {document.get('format')!r}; this version reads format {FORMAT}.",
            fix="Register the model again, or use the release that wrote it.",
        )
    try:
        return _profile(document)
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error) as problem:
        raise CorruptBundleError(
            f"The profile can't be read: {type(problem).__name__}: {problem}."
        ) from problem


def _profile(document: Mapping[str, Any]) -> Profile:
    return Profile(
        {name: _read_column(name, each) for name, each in document["features"].items()},
        {name: _read_column(name, each) for name, each in document["scores"].items()},
        msgspec.convert(document["unprofiled"], dict[str, str]),
        document["fold"],
        msgspec.convert(document["importances"], dict[str, float]),
        msgspec.convert(document["calibrations"], dict[str, Calibration]),
        {
            output: {metric: _read_baseline(each) for metric, each in metrics.items()}
            for output, metrics in document["baselines"].items()
        },
        document["reference_alarms"],
        {name: tuple(values) for name, values in document["plot_rows"].items()},
    )


def counts_to_document(counts: Counts) -> Document:
    """Counts of one segment or night, to be kept and merged later against the same profile."""
    return {
        "format": FORMAT,
        "rows": counts.rows,
        "features": {name: _counts(each) for name, each in counts.features.items()},
        "scores": {name: _counts(each) for name, each in counts.scores.items()},
    }


def counts_from_document(document: Mapping[str, Any]) -> Counts:
    """Raises CorruptBundleError for any other shape."""
    try:
        return Counts(
            document["rows"],
            {name: _read_counts(each) for name, each in document["features"].items()},
            {name: _read_counts(each) for name, each in document["scores"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error) as problem:
        raise CorruptBundleError(f"The counts can't be read: {type(problem).__name__}.") from problem


def _column(column: Column) -> Document:
    return {
        "reading": column.reading,
        "bins": _bins(column.bins),
        "reference": _counts(column.reference),
        "variation": None if column.variation is None else asdict(column.variation),
    }


def _read_column(name: str, document: Mapping[str, Any]) -> Column:
    variation = document["variation"]
    return Column(
        name,
        document["reading"],
        _read_bins(document["bins"]),
        _read_counts(document["reference"]),
        None if variation is None else msgspec.convert(variation, Variation),
    )


def _bins(bins: Bins) -> Document:
    if isinstance(bins, NumberBins):
        return {"edges": _pack(bins.edges.astype("<f8")), "cuts": bins.cuts.tolist()}
    return {"values": list(bins.values), "known": sorted(bins.known), "more": bins.more}


def _read_bins(document: Mapping[str, Any]) -> Bins:
    if "edges" in document:
        return NumberBins(_unpack(document["edges"], "<f8"), np.asarray(document["cuts"], dtype=np.int64))
    return CategoryBins(tuple(document["values"]), frozenset(document["known"]), document["more"])


def _counts(counts: ColumnCounts) -> Document:
    moments = counts.moments
    return {
        "rows": counts.rows,
        "missing": counts.missing,
        "unseen": counts.unseen,
        "bins": _pack(counts.bins.astype("<i8")),
        "broken": counts.broken,
        "moments": [moments.n, *map(_json, (moments.low, moments.high, moments.mean, moments.m2))],
    }


def _read_counts(document: Mapping[str, Any]) -> ColumnCounts:
    n, low, high, mean, m2 = document["moments"]
    moments = Moments(n, low, high, mean, math.inf if m2 is None else m2) if n else Moments()
    return ColumnCounts(
        document["rows"],
        document["missing"],
        _unpack(document["bins"], "<i8"),
        document["unseen"],
        moments,
        document["broken"],
    )


def _baseline(baseline: Baseline) -> Document:
    return {
        "value": _json(baseline.value),
        "sd": baseline.sd,
        "days": baseline.days,
        "estimate_error": baseline.estimate_error,
    }


def _read_baseline(document: Mapping[str, Any]) -> Baseline:
    value = document["value"]
    return Baseline(
        math.nan if value is None else value, document["sd"], document["days"], document["estimate_error"]
    )


def _json(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool | None) else str(value)


def _pack(array: Array) -> str:
    beside = np.frombuffer(array.tobytes(), dtype=np.uint8).reshape(-1, 8).T
    return base64.b64encode(zlib.compress(beside.tobytes(), 9)).decode("ascii")


def _unpack(text: str, dtype: str) -> Array:
    """At most 1,025 numbers: a longer array is no profile's, whatever it was deflated to."""
    inflater = zlib.decompressobj()
    raw = inflater.decompress(base64.b64decode(text, validate=True), _LARGEST + 1)
    if len(raw) > _LARGEST or len(raw) % 8 or not inflater.eof:
        raise ValueError("a packed array has the wrong length")
    beside = np.frombuffer(raw, dtype=np.uint8).reshape(8, -1)
    return np.frombuffer(beside.T.tobytes(), dtype=dtype)
