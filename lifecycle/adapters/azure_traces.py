"""Drawn traces to Azure Monitor: requests of the table AppRequests, once an interval, kept on disk through an outage."""

import hashlib
import importlib
import re
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from lifecycle.logs import get_logger
from lifecycle.traces import Trace, from_line

MOST_TRACES = 2000  # of one interval; the oldest go first
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)

log = get_logger(__name__)


class AzureTraces:
    """Nothing is opened, and no second exporter is there, before the first trace comes. Safe between threads."""

    def __init__(self, open_exporter: Callable[[], Any], resource: Any) -> None:
        self._open, self._resource = open_exporter, resource
        self._exporter: Any = None
        self._turn = threading.Lock()
        self._kept: deque[Trace] = deque(maxlen=MOST_TRACES)

    def take_packet(self, packet: bytes) -> None:
        """Lines of lifecycle.traces; others are left out."""
        for line in packet.splitlines():
            trace = from_line(line)
            if trace is not None:
                with self._turn:
                    self._kept.append(trace)

    def send(self) -> bool:
        """Whether they arrived; those that did not lie on disk and go with the next that do."""
        with self._turn:
            traces, self._kept = self._kept, deque(maxlen=MOST_TRACES)
        if not traces:
            return True
        if self._exporter is None:
            self._exporter = self._open()
        result = self._exporter.export([_span(trace, self._resource) for trace in traces])
        arrived = str(getattr(result, "name", result)) == "SUCCESS"
        if not arrived:
            log.warning("azure_monitor_away", traces=len(traces))
        return arrived

    def shutdown(self) -> None:
        if self._exporter is not None:
            self._exporter.shutdown()


def _span(trace: Trace, resource: Any) -> Any:
    api, sdk = (importlib.import_module(name) for name in ("opentelemetry.trace", "opentelemetry.sdk.trace"))
    failed = trace.status >= 500
    ended_ns = trace.ended_ms * 1_000_000
    return sdk.ReadableSpan(
        name=f"{trace.method} {trace.route}",
        context=api.SpanContext(*_ids(trace.request_id), is_remote=False, trace_flags=api.TraceFlags(1)),
        resource=resource,
        attributes={
            "http.request.method": trace.method, "http.route": trace.route, "http.response.status_code": trace.status,
            "request_id": trace.request_id, "_MS.sampleRate": 100 * trace.share,
        },
        kind=api.SpanKind.SERVER,
        status=api.Status(api.StatusCode.ERROR if failed else api.StatusCode.OK),
        start_time=ended_ns - trace.took_us * 1000,
        end_time=ended_ns,
    )  # fmt: skip


def _ids(request_id: str) -> tuple[int, int]:
    """Our own id is a trace's id; a client's own words become one, always the same."""
    digest = hashlib.blake2b(request_id.encode(), digest_size=24).digest()
    own = request_id if _ID.fullmatch(request_id) and int(request_id, 16) else digest[:16].hex()
    return int(own, 16), int.from_bytes(digest[16:], "big") or 1
