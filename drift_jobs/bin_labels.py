"""What the bins of a column are called in a report: only where that gives no single row's value away."""

from typing import Any

from lifecycle.profile.bins import CategoryBins, NumberBins
from lifecycle.profile.counts import ColumnCounts
from lifecycle.profile.profile import Column
from lifecycle.profile.values import Array

K = 10


def bin_labels(column: Column) -> dict[str, Any]:
    """`edges` between the coarse bins of numbers, or `names` of the first categories; nothing for moments.

    An edge or a name is null where it would rest on fewer than ten rows of the reference.
    """
    if isinstance(column.bins, CategoryBins):
        return {"names": _names(column.bins, column.reference)}
    return {} if column.reading == "moment" else {"edges": _edges(column.bins, column.reference)}


def _names(bins: CategoryBins, reference: ColumnCounts) -> list[str | None]:
    top = len(bins.coarse(reference.bins)) - 1
    counted = zip(bins.values[:top], reference.bins[:top], strict=True)
    return [value if rows >= K else None for value, rows in counted]


def _edges(bins: NumberBins, reference: ColumnCounts) -> list[float | None]:
    rows: Array = bins.coarse(reference.bins)
    between = zip(bins.cuts[1:], rows[:-1], rows[1:], strict=True)
    return [float(bins.edges[cut - 1]) if min(below, above) >= K else None for cut, below, above in between]
