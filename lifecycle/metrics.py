"""The one list of metrics. A name, tag or tag value that is not in it is a programming error and raises."""

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

Kind = Literal["counter", "gauge", "histogram"]

PREFIX = "picklefleet"
MAX_TAG_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Tag:
    """`values` is the closed set; without one any value is taken, its odd characters made `_`."""

    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """A histogram is a set of counters, one a bucket; its upper `edges` are never changed, only renamed anew."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    tags: tuple[Tag, ...] = ()
    edges: tuple[float, ...] = ()


BUCKETS_PER_DECADE = 10
# 100 µs to 100 s, each edge 26 % above the one before: 61 buckets and one for all that is slower
SECONDS = tuple(10 ** (step / BUCKETS_PER_DECADE - 4) for step in range(6 * BUCKETS_PER_DECADE + 1))

_STATUS = Tag("status", ("2xx", "3xx", "4xx", "5xx"))
_WORKER = Tag("worker")
_MACHINE = Tag("machine")

METRICS = (
    Metric("requests", "counter", "requests", "Requests answered, by class of status.", (_STATUS,)),
    Metric("problems", "counter", "answers", "Answers that are a problem, by its type.", (Tag("type"),)),
    Metric("rows", "counter", "rows", "Rows predicted."),
    Metric(
        "in_flight", "gauge", "requests", "Requests begun and not yet answered, in each worker.", (_WORKER,)
    ),
    Metric(
        "request_seconds",
        "histogram",
        "seconds",
        "From a request's head to its answer, all routes.",
        (),
        SECONDS,
    ),
    Metric(
        "stage_seconds",
        "histogram",
        "seconds",
        "What each stage of a prediction takes.",
        (Tag("stage", ("parse", "predict", "answer", "record")),),
        SECONDS,
    ),
    Metric(
        "model_info",
        "gauge",
        "1",
        "1 for the version that a worker serves, 0 for the one before.",
        (Tag("version"),),
    ),
    Metric(
        "fast_path",
        "gauge",
        "1",
        "1 while a worker answers a version by its proven plan, 0 while by scikit-learn.",
        (Tag("version"),),
    ),
    Metric(
        "fast_path_rechecks",
        "counter",
        "requests",
        "Live requests that scikit-learn was asked again; one that disagreed switched the plan off.",
        (Tag("outcome", ("agreed", "disagreed", "failed")),),
    ),
    Metric(
        "records_dropped",
        "counter",
        "rows",
        "Rows answered, or true values told, that could not be recorded.",
        (Tag("reason", ("budget", "disk_full", "io_error", "not_encodable", "sync_failed", "failure")),),
    ),
    Metric(
        "agent_shipments",
        "counter",
        "rounds",
        "The agent's rounds that carry records to the store, by how they ended.",
        (Tag("outcome", ("ok", "failed")),),
    ),
    Metric("workers", "gauge", "processes", "Web processes that run."),
    Metric("worker_memory_bytes", "gauge", "bytes", "Memory of each worker (resident).", (_WORKER,)),
    Metric(
        "agent_syncs",
        "counter",
        "rounds",
        "The agent's rounds, by how they ended.",
        (Tag("outcome", ("ok", "failed")),),
    ),
    Metric(
        "policy_swaps",
        "counter",
        "policies",
        "Policies that a machine was offered: switched to by all its web processes, or refused and the old one kept.",
        (Tag("outcome", ("switched", "refused")),),
    ),
    Metric(
        "shadow_dropped",
        "counter",
        "rows",
        "Rows that no shadow was asked, because too many waited already. Nobody waited for them.",
    ),
    Metric(
        "machine_events",
        "counter",
        "events",
        "What the platform announced for a machine, by kind; one that ends it is drained first.",
        (Tag("kind", ("Freeze", "Reboot", "Redeploy", "Preempt", "Terminate")),),
    ),
    Metric("policy_number", "gauge", "1", "The entry of the policy journal that the machine has in force."),
    Metric(
        "agent_key_syncs",
        "counter",
        "rounds",
        "The agent's rounds for API keys, by how they ended.",
        (Tag("outcome", ("ok", "failed")),),
    ),
    Metric(
        "agent_keys_confirmed",
        "counter",
        "rounds",
        "A machine's rounds after which it surely had the newest API keys.",
        (_MACHINE,),
    ),
    Metric(
        "retrainings",
        "counter",
        "requests",
        "Requests for retraining that were answered, by what became of them.",
        (Tag("outcome", ("blessed", "not-blessed", "stopped")),),
    ),
    Metric(
        "request_seconds_p50",
        "gauge",
        "seconds",
        "The median of the last five minutes over all processes, added up from their histograms by the worker.",
    ),
    Metric(
        "request_seconds_p99",
        "gauge",
        "seconds",
        "The 99th percentile of the last five minutes over all processes, added up by the worker.",
    ),
    Metric(
        "edge_answers", "counter", "answers", "Answers of the edge proxies, by class of status.", (_STATUS,)
    ),
    Metric("edge_refused", "counter", "requests", "Requests that an edge proxy's own limits refused."),
    Metric("edge_connections", "gauge", "connections", "Open at an edge proxy, idle ones too.", (_MACHINE,)),
    Metric("edge_waiting", "gauge", "requests", "Waiting at an edge proxy for a web process.", (_MACHINE,)),
    Metric(
        "edge_admitted", "gauge", "1", "1 while a machine is admitted to the traffic, else 0.", (_MACHINE,)
    ),
    Metric("host_cpu_busy_percent", "gauge", "percent", "Of all CPUs of a machine.", (_MACHINE,)),
    Metric(
        "host_memory_available_percent",
        "gauge",
        "percent",
        "Memory of a machine that programs could still have.",
        (_MACHINE,),
    ),
    Metric(
        "host_disk_free_percent", "gauge", "percent", "Free on the disk of a machine's folder.", (_MACHINE,)
    ),
    Metric(
        "edge_certificate_days_left",
        "gauge",
        "days",
        "Until the first certificate of a machine's edge proxy ends.",
        (_MACHINE,),
    ),
    Metric(
        "alarms",
        "counter",
        "alarms",
        "Alarms of the worker that began, or were over.",
        (Tag("state", ("alarm", "fine")),),
    ),
    Metric(
        "nights",
        "counter",
        "nights",
        "Nights that the worker judged, by how that ended.",
        (Tag("outcome", ("ok", "failed")),),
    ),
    Metric(
        "nights_missing",
        "gauge",
        "nights",
        "Nights whose report should have been there six hours ago: anything above 0 is an alarm.",
    ),
    Metric(
        "mails",
        "counter",
        "attempts",
        "Attempts to hand a mail to the mail server, by how they ended.",
        (Tag("outcome", ("sent", "deferred", "refused", "in_doubt")),),
    ),
    Metric(
        "mails_undelivered",
        "gauge",
        "mails",
        "Mails of the last week that nobody got, or that wait for more than an hour: above 0 is an alarm.",
    ),
)

_BY_NAME = {metric.name: metric for metric in METRICS}


class Metrics(Protocol):
    """Where measurements go. No method waits or fails, whatever becomes of the sink."""

    def increment(self, name: str, amount: int = 1, /, **tags: str) -> None: ...

    def gauge(self, name: str, value: float, /, **tags: str) -> None: ...

    def observe(self, name: str, value: float, /, **tags: str) -> None: ...

    def together(self) -> AbstractContextManager[None]:
        """What this thread counts meanwhile may be told at its end, each series once."""


class NullMetrics:
    """Sends nothing, but refuses what no sink would take: a wrong name shows in the first test, not in production."""

    def increment(self, name: str, _amount: int = 1, /, **tags: str) -> None:
        series("counter", name, **tags)

    def gauge(self, name: str, _value: float, /, **tags: str) -> None:
        series("gauge", name, **tags)

    def observe(self, name: str, _value: float, /, **tags: str) -> None:
        series("histogram", name, **tags)

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()


@lru_cache(maxsize=4096)
def series(kind: Kind, name: str, /, **tags: str) -> str:
    """The dotted path of a metric: its name, then its tags' values in the declared order.

    Raises ValueError for whatever is not in the list of metrics.
    """
    metric = _BY_NAME.get(name)
    if metric is None or metric.kind != kind:
        raise ValueError(f"There is no {kind} named {name!r} in lifecycle/metrics.py.")
    if {tag.name for tag in metric.tags} != tags.keys():
        raise ValueError(
            f"{name} needs exactly the tags {[tag.name for tag in metric.tags]}, not {list(tags)}."
        )
    return ".".join([name, *(_value(tag, tags[tag.name]) for tag in metric.tags)])


def every(name: str) -> str:
    """The pattern that finds every series of a metric, and nothing else; of a histogram without its buckets."""
    return ".".join([name, *("*" for _ in _BY_NAME[name].tags)])


def edges_of(name: str) -> tuple[float, ...]:
    return _BY_NAME[name].edges


def bucket(name: str, value: float) -> str:
    """The bucket of a histogram that counts `value`: each value is counted in exactly one."""
    edges = _BY_NAME[name].edges
    return bucket_name(edges, bisect_left(edges, value))


def bucket_name(edges: Sequence[float], index: int) -> str:
    """By its upper edge in millionths, so that names sort like edges; `over` is above the last edge."""
    return f"to_{edges[index] * 1e6:09.0f}" if index < len(edges) else "over"


def quantile(edges: Sequence[float], counts: Sequence[int], q: float) -> float:
    """An upper bound of the q-quantile from counts per bucket (one more than edges), summed over any processes.

    The true quantile is at most this and above the edge before it: for SECONDS less than 26 % below.
    It is infinite in the last bucket, and NaN without observations.
    """
    if len(counts) != len(edges) + 1 or not 0 <= q <= 1:
        raise ValueError("A histogram has one count more than edges, and q lies between 0 and 1.")
    rank = max(1, math.ceil(q * sum(counts)))
    seen = 0
    for edge, count in zip((*edges, math.inf), counts, strict=True):
        seen += count
        if seen >= rank:
            return edge
    return math.nan


def markdown() -> str:
    """The page docs/metrics.md."""
    lines = [
        f"| `{'.'.join([PREFIX, metric.name, *(f'<{tag.name}>' for tag in metric.tags)])}` | {metric.kind} "
        f"| {metric.unit} | {metric.meaning}{_values(metric)} |"
        for metric in METRICS
    ]
    return _PAGE + "\n".join(lines) + "\n"


def _value(tag: Tag, given: str) -> str:
    if tag.values and given not in tag.values:
        raise ValueError(f"{given!r} is no value of the tag {tag.name}: {', '.join(tag.values)}.")
    return re.sub(r"[^A-Za-z0-9_-]", "_", given)[:MAX_TAG_LENGTH] or "_"


def _values(metric: Metric) -> str:
    closed = [f" {tag.name.capitalize()}: {', '.join(tag.values)}." for tag in metric.tags if tag.values]
    return "".join(closed)


_PAGE = """# Metrics

Sent by StatsD's protocol to `PICKLEFLEET_STATSD_HOST`, and by the agent and the worker, added up over a minute, to the Application
Insights of `PICKLEFLEET_AZURE_MONITOR` ([Azure Monitor](guide/azure-monitor.md)); nothing is sent while both are empty.

A histogram is sent as one counter for each bucket: `<path>.to_000012589` counts the observations above the
bucket's lower edge (the upper edge of the one before) and up to 12,589 millionths of the unit; `<path>.over`
counts those above the last edge. Buckets are not cumulative. The edges are the same everywhere and for ever,
100 µs to 100 s with ten to a decade, so the counts of processes and machines may be added: the 99th percentile
of the sum is the fleet's, known to within one bucket (26 %). Percentiles themselves can't be averaged.

| Path | Kind | Unit | Meaning |
|---|---|---|---|
"""
