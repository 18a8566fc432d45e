"""The dashboards, as code: what is drawn of which metric, for people who look. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drift_jobs.watching.targets import buckets, counts, gauges, slower_than
from lifecycle.metrics import PREFIX

WIDTH, HEIGHT = 600, 300
_SLOW_S = (0.01, 0.1, 1.0)
# colours that people with any kind of colour sight tell apart
_COLOURS = "#0072B2,#D55E00,#009E73,#CC79A7,#E69F00,#56B4E9,#000000"


@dataclass(frozen=True, slots=True)
class Graph:
    """`title` says what is drawn and in which unit."""

    title: str
    targets: Sequence[str]
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_options(self) -> dict[str, str]:
        return {
            "title": self.title,
            "colorList": _COLOURS,
            "bgcolor": "white",
            "fgcolor": "black",
            "yMin": "0",
            "lineMode": "connected",
            "hideLegend": "false",
            **self.options,
        }


@dataclass(frozen=True, slots=True)
class Dashboard:
    name: str
    graphs: Sequence[Graph]

    def state(self) -> dict[str, Any]:
        """What graphite-web keeps of a dashboard."""
        return {
            "name": self.name,
            "graphs": [
                [one.targets[0], {"target": list(one.targets), **one.all_options}, ""] for one in self.graphs
            ],
            "graphSize": {"width": WIDTH, "height": HEIGHT},
            "defaultGraphParams": {"from": "-6hours", "until": "now", "width": WIDTH, "height": HEIGHT},
            "timeConfig": {
                "type": "relative",
                "relativeStartQuantity": "6",
                "relativeStartUnits": "hours",
                "relativeUntilQuantity": "",
                "relativeUntilUnits": "now",
                "startDate": "1970-01-01T00:00:00",
                "startTime": "12:00 AM",
                "endDate": "1970-01-01T00:00:00",
                "endTime": "12:00 AM",
            },
            "refreshConfig": {"enabled": True, "interval": 60000},
        }


def _or_nothing(target: str, name: str) -> str:
    """What has not happened yet is drawn as zero: an empty picture would say that nobody measures."""
    return f'alias(fallbackSeries({target},constantLine(0)),"{name}")'


def _a_second(target: str, name: str) -> str:
    return _or_nothing(f"scaleToSeconds(sumSeries({target}),1)", name)


def _in(span: str, target: str, name: str) -> str:
    return _or_nothing(f'summarize(sumSeries({target}),"{span}","sum")', name)


def _by(target: str, node_from_end: int) -> str:
    """Each series by one of its names' parts, counted from the end."""
    return f"aliasByNode({target},-{node_from_end})"


def _slower(seconds: float) -> str:
    slow, every = slower_than("request_seconds", seconds), buckets("request_seconds")
    return _or_nothing(
        f"asPercent(sumSeries({slow}),sumSeries({every}))", f"slower than {1000 * seconds:g} ms"
    )


def _by_kind(name: str) -> str:
    """A second, by the last of the metric's tags."""
    return f"aliasByNode(scaleToSeconds({counts(name)},1),-2)"


def _share_failed(name: str, who: str) -> str:
    """By what went well, because a series of failures begins with the first failure."""
    well = counts(name).replace("*", "{2xx,3xx,4xx}")
    return f'alias(offset(scale(asPercent(sumSeries({well}),sumSeries({counts(name)})),-1),100),"{who}")'


def _stage(stage: str) -> str:
    path = f"stats.counters.{PREFIX}.stage_seconds.{stage}"
    slow = slower_than("stage_seconds", 0.01).replace("stage_seconds.*", f"stage_seconds.{stage}")
    return _or_nothing(f"asPercent(sumSeries({slow}),sumSeries({path}.*.count))", stage)


SERVICE = Dashboard(
    "Picklefleet service",
    (
        Graph("Answers of the service a second, by status", [_by_kind("requests")]),
        Graph("Answers of the edge a second, by status", [_by_kind("edge_answers")]),
        Graph(
            "Failed: share of answers, %",
            [_share_failed("edge_answers", "edge"), _share_failed("requests", "service")],
        ),
        Graph(
            "Seconds: median and 99th percentile of five minutes, all processes",
            [
                f'alias({gauges("request_seconds_p99")},"p99")',
                f'alias({gauges("request_seconds_p50")},"median")',
            ],
        ),
        Graph("Slow: share of requests, %", [_slower(seconds) for seconds in _SLOW_S], {"yMax": "100"}),
        Graph("Problems a second, by type", [_a_second(counts("problems"), "all"), _by_kind("problems")]),
        Graph(
            "At work and waiting",
            [
                f'alias(sumSeries({gauges("in_flight")}),"at work")',
                f'alias(sumSeries({gauges("edge_waiting")}),"waiting at the edge")',
            ],
        ),
        Graph("Refused by the edge's own limits, a second", [_a_second(counts("edge_refused"), "refused")]),
    ),
)
FLEET = Dashboard(
    "Picklefleet fleet",
    (
        Graph("CPU busy, %", [_by(gauges("host_cpu_busy_percent"), 1)], {"yMax": "100"}),
        Graph("Memory available, %", [_by(gauges("host_memory_available_percent"), 1)], {"yMax": "100"}),
        Graph("Disk free, %", [_by(gauges("host_disk_free_percent"), 1)], {"yMax": "100"}),
        Graph("Admitted machines", [_by(gauges("edge_admitted"), 1)], {"yMax": "1.2"}),
        Graph("Connections at the edge", [_by(gauges("edge_connections"), 1)]),
        Graph("Memory of web processes, bytes", [_by(gauges("worker_memory_bytes"), 1)]),
        Graph(
            "The agents' rounds to the store in a minute",
            [f'aliasByNode(summarize({counts("agent_syncs")},"1min","sum"),-2)'],
        ),
        Graph(
            "Shipments of records in a minute",
            [f'aliasByNode(summarize({counts("agent_shipments")},"1min","sum"),-2)'],
        ),
    ),
)
MODEL = Dashboard(
    "Picklefleet model",
    (
        Graph("Rows predicted a second", [_a_second(counts("rows"), "rows")]),
        Graph("Version that serves", [_by(gauges("model_info"), 1)], {"yMax": "1.2"}),
        Graph(
            "Slower than 10 ms by stage of a prediction, %",
            [_stage(stage) for stage in ("parse", "predict", "answer", "record")],
        ),
        Graph(
            "Rows that could not be recorded, in ten minutes",
            [_in("10min", counts("records_dropped"), "rows")],
        ),
        Graph("Nights judged in a day", [_in("1d", counts("nights"), "nights")]),
        Graph(
            "Missing nights, undelivered mails",
            [
                _or_nothing(gauges("nights_missing"), "nights missing"),
                _or_nothing(gauges("mails_undelivered"), "mails undelivered"),
            ],
        ),
    ),
)
DASHBOARDS = (SERVICE, FLEET, MODEL)


def metrics_drawn() -> Iterator[str]:
    for dashboard in DASHBOARDS:
        for graph in dashboard.graphs:
            yield from graph.targets
