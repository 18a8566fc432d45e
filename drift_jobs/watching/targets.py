"""Where a metric is found in Graphite, as StatsD writes it there; and what a histogram's buckets say together."""

import math
from collections.abc import Mapping, Sequence

from lifecycle.metrics import PREFIX, bucket_name, edges_of, every, quantile, series

_COUNTERS = f"stats.counters.{PREFIX}"
_GAUGES = f"stats.gauges.{PREFIX}"


def counts(name: str, **tags: str) -> str:
    """What ten seconds counted: all series of the metric, or the one with these tags."""
    return f"{_COUNTERS}.{series('counter', name, **tags) if tags else every(name)}.count"


def gauges(name: str) -> str:
    return f"{_GAUGES}.{every(name)}"


def buckets(name: str) -> str:
    """Every bucket of a histogram, over all its tags."""
    return f"{_COUNTERS}.{every(name)}.*.count"


def slower_than(name: str, seconds: float) -> str:
    """The buckets of a histogram that lie above a time, by name. Exact where it is an edge."""
    edges = edges_of(name)
    above = [
        bucket_name(edges, index) for index in range(len(edges) + 1) if index and edges[index - 1] >= seconds
    ]
    return f"{_COUNTERS}.{every(name)}.{{{','.join(above)}}}.count"


def quantile_of(name: str, q: float, numbers: Mapping[str, Sequence[float]]) -> float:
    """From what `buckets(name)` found, over any processes and times; NaN where nothing was counted."""
    edges = edges_of(name)
    places = {bucket_name(edges, index): index for index in range(len(edges) + 1)}
    totals = [0] * (len(edges) + 1)
    for path, values in numbers.items():
        totals[places[path.split(".")[-2]]] += round(sum(values))
    return quantile(edges, totals, q)


def observed(numbers: Mapping[str, Sequence[float]]) -> int:
    return round(sum(map(math.fsum, numbers.values())))
