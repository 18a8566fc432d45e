"""To Azure Monitor: metrics, added up over a minute, and drawn traces; by Microsoft's own exporters, kept on disk through
an outage.

One process of a machine sends, and it never forks: no exporter, thread or secret is in the web processes. The exporter
is optional (extras/azure-monitor.txt).
"""

import importlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifecycle.adapters.azure_traces import AzureTraces
from lifecycle.adapters.metadata_service import MetadataService
from lifecycle.adapters.statsd import open_metrics
from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics
from lifecycle.metrics_tally import Point, Several, Tally
from lifecycle.settings import Settings

EVERY_S = 60.0
MOST_BYTES = 50 << 20  # on disk, while Azure Monitor does not answer
RETRY_S = 60
ANSWER_S = 10.0
_MODULE = "azure.monitor.opentelemetry.exporter"
# The exporter would otherwise tell Microsoft about itself, and let a server of theirs switch its storage off.
_QUIET = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED",
)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AzureMonitor:
    """`tally` and `traces` are what is sent; `exporter` Microsoft's for metrics; `resource` says which machine of which
    fleet it was.
    """

    tally: Tally
    exporter: Any
    resource: Any
    traces: AzureTraces

    def run(self, stop: threading.Event, every_s: float = EVERY_S) -> None:
        """Once an interval, and once more at the end."""
        while not stop.wait(every_s):
            self.send()
        self.send()
        self.exporter.shutdown()
        self.traces.shutdown()

    def take_packet(self, packet: bytes) -> None:
        """What containers sent by StatsD's protocol, traces among it."""
        self.tally.take_packet(packet)
        self.traces.take_packet(packet)

    def send(self) -> bool:
        """Whether all arrived; what did not lies on disk and goes with the next that does."""
        return all([self._send_metrics(), self.traces.send()])

    def _send_metrics(self) -> bool:
        points = self.tally.take()
        if not points:
            return True
        result = self.exporter.export(_data(points, self.resource, time.time_ns()))  # noqa: TID251 - its own time stamp
        arrived = str(getattr(result, "name", result)) == "SUCCESS"
        if not arrived:
            log.warning("azure_monitor_away", series=len(points))
        return arrived


class MachineCredential:
    """The machine's identity as Azure's libraries want it, without theirs, which is asked for by the second."""

    def __init__(self, service: MetadataService, client_id: str) -> None:
        self._service, self._client_id = service, client_id

    def get_token(self, *scopes: str, **_more: Any) -> Any:
        """Raises MetadataUnavailableError."""
        resource = scopes[0].removesuffix(".default").rstrip("/")
        token, until_s = self._service.token(resource, self._client_id)
        return importlib.import_module("azure.core.credentials").AccessToken(token, int(until_s))


def open_azure_monitor(
    settings: Settings, instance: str, folder: Path, *, retry_s: int = RETRY_S
) -> AzureMonitor | None:
    """`folder` keeps what could not be sent, and how long it rests there before it is tried again. None where the settings name no Application Insights. Raises PicklefleetError where the exporter is not installed."""
    connection = settings.azure_monitor.value
    if not connection:
        return None
    os.environ.update(dict.fromkeys(_QUIET, "true"))  # noqa: TID251 - it has no other switch

    def opened(kind: str, into: Path) -> Any:
        return getattr(importlib.import_module(_MODULE), f"AzureMonitor{kind}Exporter")(
            connection_string=connection, storage_directory=str(into), storage_max_size=MOST_BYTES,
            storage_min_retry_interval=retry_s, timeout=ANSWER_S, retry_total=0, **_credential(settings),
        )  # fmt: skip

    try:
        exporter = opened("Metric", folder)
        resources = importlib.import_module("opentelemetry.sdk.resources")
    except ImportError as problem:
        raise PicklefleetError(
            f"PICKLEFLEET_AZURE_MONITOR needs packages that are not installed ({problem}).",
            fix="Build the image with EXTRAS=azure-monitor, or install extras/azure-monitor.txt.",
        ) from problem
    except ValueError as problem:
        raise PicklefleetError(
            f"PICKLEFLEET_AZURE_MONITOR is no connection string: {problem}",
            fix="Take it from Application Insights: InstrumentationKey=…;IngestionEndpoint=https://…",
        ) from problem
    names = {"service.name": f"picklefleet-{settings.colour}", "service.instance.id": instance}
    resource = resources.Resource(names)
    traces = AzureTraces(lambda: opened("Trace", folder / "traces"), resource)
    return AzureMonitor(Tally(), exporter, resource, traces)


def open_all_metrics(settings: Settings, monitor: AzureMonitor | None) -> Metrics:
    """Every sink that the settings name; for processes that do not fork."""
    statsd = open_metrics(settings)
    return statsd if monitor is None else Several((statsd, monitor.tally))


def _credential(settings: Settings) -> dict[str, Any]:
    if not settings.metadata_url:
        return {}
    service = MetadataService(settings.metadata_url)
    return {"credential": MachineCredential(service, settings.azure_client_id)}


def _data(points: list[Point], resource: Any, now_ns: int) -> Any:
    sdk = importlib.import_module("opentelemetry.sdk.metrics.export")
    scope = importlib.import_module("opentelemetry.sdk.util.instrumentation").InstrumentationScope(
        "picklefleet"
    )
    metrics = [sdk.Metric(point.name, "", "", _one(sdk, point, now_ns)) for point in points]
    return sdk.MetricsData([sdk.ResourceMetrics(resource, [sdk.ScopeMetrics(scope, metrics, "")], "")])


def _one(sdk: Any, point: Point, now_ns: int) -> Any:
    data = [sdk.NumberDataPoint({}, now_ns, now_ns, point.value)]
    if point.kind == "gauge":
        return sdk.Gauge(data)
    return sdk.Sum(data, sdk.AggregationTemporality.DELTA, is_monotonic=True)
