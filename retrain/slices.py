"""Which slices of rows are looked at apart: categories, and quarters of the numbers that matter most."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lifecycle.profile.profile import Profile
from lifecycle.profile.values import Array, as_numbers, category_text
from lifecycle.reference.labelled import Columns
from lifecycle.signature import Signature
from retrain.limits import MIN_SLICE

MOST_VALUES = 20
MOST_NUMBERS = 3
_QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True, eq=False)
class SliceRows:
    """`where`: n booleans."""

    feature: str
    value: str
    where: Array


def slices_of(signature: Signature, profile: Profile, columns: Columns) -> list[SliceRows]:
    """Each of at least 200 rows and not of all."""
    ranked = sorted(profile.importances, key=lambda name: -profile.importances[name])
    numbers = [
        name for name in ranked if name in profile.features and profile.features[name].reading == "number"
    ][:MOST_NUMBERS]
    found: list[SliceRows] = []
    for feature in signature.inputs:
        values = columns[feature.name]
        if feature.kind in {"category", "boolean"}:
            found += _by_value(feature.name, [None if one is None else category_text(one) for one in values])
        elif feature.name in numbers and feature.kind in {"number", "integer"}:
            found += _by_quarter(feature.name, as_numbers(values, "number"))
    return [one for one in found if MIN_SLICE <= one.where.sum() < len(one.where)]


def _by_value(name: str, values: list[str | None]) -> Iterator[SliceRows]:
    table = np.array(values, dtype=object)
    for value, _ in Counter(values).most_common(MOST_VALUES):
        yield SliceRows(name, "missing" if value is None else value, table == value)


def _by_quarter(name: str, values: Array) -> Iterator[SliceRows]:
    present = values[~np.isnan(values)]
    if not len(present):
        return
    edges = np.unique(np.quantile(present, _QUARTERS))
    places = np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))
    for place in range(len(edges) + 1):
        low = "-∞" if place == 0 else f"{edges[place - 1]:.4g}"
        high = "∞" if place == len(edges) else f"{edges[place]:.4g}"
        yield SliceRows(name, f"{low} to {high}", places == place)
