import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from lifecycle.adapters import statsd as adapter
from lifecycle.adapters.statsd import StatsdMetrics, open_metrics, open_traces
from lifecycle.metrics import NullMetrics
from lifecycle.settings import Settings, load
from lifecycle.traces import from_line


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        yield listening


@pytest.fixture
def sink(server: socket.socket) -> Iterator[StatsdMetrics]:
    made = StatsdMetrics("127.0.0.1", server.getsockname()[1])
    connect(made)
    yield made
    made._client().close()


def connect(sink: StatsdMetrics) -> None:
    """The first measurements are dropped while the name is resolved aside."""
    assert wait_for(lambda: sink._client() is not None)


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def received(server: socket.socket) -> str:
    return server.recv(512).decode()


def test_lines_are_statsd_s(sink: StatsdMetrics, server: socket.socket) -> None:
    sink.increment("rows", 5)
    sink.gauge("worker_memory_bytes", 1024, worker="0")
    sink.observe("stage_seconds", 0.0125, stage="predict")

    assert received(server) == "picklefleet.rows:5|c"
    assert received(server) == "picklefleet.worker_memory_bytes.0:1024|g"
    assert received(server) == "picklefleet.stage_seconds.predict.to_000012589:1|c"


def test_what_is_counted_together_is_one_line_a_series_in_one_packet(
    sink: StatsdMetrics, server: socket.socket
) -> None:
    with sink.together():
        for _ in range(3):
            sink.increment("rows", 5)
            sink.observe("stage_seconds", 0.0125, stage="predict")
        sink.gauge("worker_memory_bytes", 1024, worker="0")  # tells at once
    sink.increment("rows", 2)

    assert received(server) == "picklefleet.worker_memory_bytes.0:1024|g"
    assert received(server) == "picklefleet.rows:15|c\npicklefleet.stage_seconds.predict.to_000012589:3|c"
    assert received(server) == "picklefleet.rows:2|c"


def test_what_another_thread_counts_meanwhile_is_told_at_once(
    sink: StatsdMetrics, server: socket.socket
) -> None:
    with sink.together():
        other = threading.Thread(target=lambda: sink.increment("rows", 7))
        other.start()
        other.join()

        assert received(server) == "picklefleet.rows:7|c"


def test_nothing_counted_together_is_no_packet(sink: StatsdMetrics, server: socket.socket) -> None:
    with sink.together():
        pass
    sink.increment("rows", 2)

    assert received(server) == "picklefleet.rows:2|c"


def test_what_a_gauge_said_before_the_server_was_known_is_told_then(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, real = threading.Event(), adapter._open
    monkeypatch.setattr(adapter, "_open", lambda *place, ipv6: known.wait(10) and real(*place, ipv6=ipv6))
    sink = StatsdMetrics("127.0.0.1", server.getsockname()[1])
    for value in (1, 0):
        sink.gauge("model_info", value, version="v1")
    sink.increment("rows")  # what a counter missed is lost: told late it would be counted at the wrong time

    known.set()

    assert received(server) == "picklefleet.model_info.v1:0|g"
    connect(sink)
    sink.gauge("model_info", 1, version="v1")
    assert received(server) == "picklefleet.model_info.v1:1|g"
    sink._client().close()


def test_a_wrong_name_raises_though_nobody_listens() -> None:
    with pytest.raises(ValueError, match="no counter named"):
        StatsdMetrics("127.0.0.1", 9).increment("row")


def test_a_dead_port_costs_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    sink = StatsdMetrics("127.0.0.1", port)
    connect(sink)
    begun = time.monotonic()
    for _ in range(1000):
        sink.increment("rows")

    assert time.monotonic() - begun < 2
    sink._client().close()


def test_a_server_that_never_reads_does_not_hold_a_request(sink: StatsdMetrics) -> None:
    begun = time.monotonic()
    for _ in range(20_000):
        sink.increment("rows")

    assert time.monotonic() - begun < 5


def test_a_name_that_resolves_later_is_used_from_then_on(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = adapter.StatsClient
    tries: list[str] = []

    def fail_at_first(host: str, *rest: object, **options: object) -> object:
        tries.append(host)
        if len(tries) <= 4:
            raise socket.gaierror("Name or service not known")
        return real("127.0.0.1", *rest, **options)

    monkeypatch.setattr(adapter, "StatsClient", fail_at_first)
    sink = StatsdMetrics("statsd.invalid", server.getsockname()[1], retry_s=0.01)
    sink.increment("rows")
    connect(sink)
    sink.increment("rows", 7)

    assert len(tries) == 5
    sink._client().close()
    assert received(server) == "picklefleet.rows:7|c"


def test_a_name_that_never_resolves_is_indifferent_and_quick() -> None:
    sink = StatsdMetrics("no-such-host.invalid", 8125)
    begun = time.monotonic()
    for _ in range(1000):
        sink.observe("request_seconds", 0.1)

    assert time.monotonic() - begun < 1
    assert sink._client() is None


def test_a_resolver_that_hangs_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "_open", lambda *_, **__: time.sleep(1))
    begun = time.monotonic()
    StatsdMetrics("slow.invalid", 8125).increment("rows")

    assert time.monotonic() - begun < 0.5


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_worker_connects_by_itself(sink: StatsdMetrics, server: socket.socket) -> None:
    child = os.fork()
    if child == 0:
        try:
            connect(sink)
            sink.increment("rows", 42)
        finally:
            os._exit(0)

    assert received(server) == "picklefleet.rows:42|c"
    assert os.waitpid(child, 0)[1] == 0


def test_settings_choose_the_sink() -> None:
    assert isinstance(open_metrics(Settings()), NullMetrics)
    assert isinstance(open_metrics(Settings(statsd_host="127.0.0.1")), StatsdMetrics)


def test_a_trace_goes_the_way_of_the_metrics(sink: StatsdMetrics, server: socket.socket) -> None:
    given = load({"PICKLEFLEET_STATSD_HOST": "127.0.0.1", "PICKLEFLEET_TRACE_SHARE": "1"})
    drawn = open_traces(given, sink)
    assert drawn is not None

    drawn.answered("order-4711", "POST", "/api/v1/predict", 200, 0.002)
    told = from_line(server.recv(512))
    assert told is not None
    assert told.request_id == "order-4711"
