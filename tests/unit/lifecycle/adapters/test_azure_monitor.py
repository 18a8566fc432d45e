"""Microsoft's exporter against a server that takes what Azure Monitor's ingestion takes."""

import gzip
import json
import threading
from dataclasses import replace

import pytest

from lifecycle import settings
from lifecycle.adapters.azure_monitor import (
    MachineCredential,
    open_all_metrics,
    open_azure_monitor,
)
from lifecycle.adapters.azure_traces import MOST_TRACES
from lifecycle.adapters.metadata_service import MetadataService
from lifecycle.errors import PicklefleetError
from lifecycle.metrics_tally import Several
from lifecycle.traces import Trace, to_line
from tests.json_service import JsonHandler, JsonServer, serving
from tests.metadata_service import metadata_service

KEY = "11111111-2222-3333-4444-555555555555"


class Ingestion(JsonServer):
    """`status`: 200 takes everything, 503 is an outage."""

    def __init__(self):
        super().__init__(Handler)
        self.status, self.taken, self.asked, self.elsewhere = 200, [], 0, []

    @property
    def connection(self):
        return f"InstrumentationKey={KEY};IngestionEndpoint={self.url}/"

    def of(self, kind):
        return [envelope for envelope in self.taken if envelope["data"]["baseType"] == kind]

    def numbers(self):
        """Name → values, in the order in which they came."""
        found = {}
        for envelope in self.of("MetricData"):
            for metric in envelope["data"]["baseData"]["metrics"]:
                found.setdefault(metric["name"], []).append(metric["value"])
        return found


class Handler(JsonHandler):
    def post(self):
        data = self.told()
        body = gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data
        self.server.asked += 1
        envelopes = json.loads(body)
        if not self.path.endswith("/track"):
            self.server.elsewhere.append(self.path)
        if self.server.status == 200:
            self.server.taken += envelopes
        answer = {"itemsReceived": len(envelopes), "itemsAccepted": len(envelopes), "errors": []}
        self.answer(self.server.status, answer, {"Content-Type": "application/json"})


@pytest.fixture
def ingestion():
    with serving(Ingestion()) as server:
        yield server


@pytest.fixture
def opened(ingestion, tmp_path):
    made = []

    def open_one():
        given = settings.load(
            {"PICKLEFLEET_AZURE_MONITOR": ingestion.connection, "PICKLEFLEET_COLOUR": "green"}
        )
        made.append(open_azure_monitor(given, "m1", tmp_path / "kept", retry_s=0))
        return made[-1]

    yield open_one
    for one in made:
        one.exporter.shutdown()
        one.traces.shutdown()


@pytest.fixture
def monitor(opened):
    return opened()


def test_the_same_metrics_arrive_as_sums_by_interval(ingestion, monitor):
    for _ in range(3):
        monitor.tally.increment("requests", status="5xx")
    monitor.tally.observe("request_seconds", 0.0009)
    monitor.tally.gauge("nights_missing", 0)

    assert monitor.send()
    assert ingestion.numbers() == {
        "picklefleet.requests.5xx": [3.0],
        "picklefleet.request_seconds.to_000001000": [1.0],
        "picklefleet.nights_missing": [0.0],
    }


def test_an_envelope_tells_whose_it_is_and_nothing_else(ingestion, monitor):
    monitor.tally.increment("rows", 7)
    monitor.send()
    (envelope,) = ingestion.taken

    assert envelope["iKey"] == KEY
    assert envelope["tags"]["ai.cloud.role"] == "picklefleet-green"
    assert envelope["tags"]["ai.cloud.roleInstance"] == "m1"
    assert envelope["data"]["baseType"] == "MetricData"
    assert ingestion.elsewhere == []


def test_an_outage_costs_nothing_but_time(ingestion, monitor):
    """What could not be sent lies on disk, and goes with the first that can be."""
    ingestion.status = 503
    for minute in range(3):
        monitor.tally.increment("rows", 10 + minute)
        assert not monitor.send()
    assert ingestion.taken == []

    ingestion.status = 200
    monitor.tally.increment("rows", 100)
    assert monitor.send()
    assert sorted(ingestion.numbers()["picklefleet.rows"]) == [10.0, 11.0, 12.0, 100.0]

    monitor.tally.increment("rows", 5)
    monitor.send()
    assert len(ingestion.numbers()["picklefleet.rows"]) == 5  # nothing came twice


def test_what_an_outage_left_outlives_the_process(ingestion, opened):
    first = opened()
    ingestion.status = 503
    first.tally.increment("rows", 10)
    first.send()
    first.exporter.shutdown()

    ingestion.status = 200
    second = opened()
    second.tally.increment("rows", 1)
    second.send()
    assert sorted(ingestion.numbers()["picklefleet.rows"]) == [1.0, 10.0]


def test_without_a_disk_for_it_an_outage_loses_them(ingestion, monitor):
    """The negative control: it is the storage that keeps them."""
    monitor.exporter.storage.disable()
    ingestion.status = 503
    monitor.tally.increment("rows", 10)
    monitor.send()
    ingestion.status = 200
    monitor.tally.increment("rows", 1)
    monitor.send()

    assert ingestion.numbers()["picklefleet.rows"] == [1.0]


def test_the_last_minute_is_told_at_the_end(ingestion, monitor):
    stop = threading.Event()
    running = threading.Thread(target=monitor.run, args=(stop, 60.0))
    running.start()
    monitor.tally.increment("rows", 4)
    stop.set()
    running.join(20)

    assert ingestion.numbers()["picklefleet.rows"] == [4.0]


def test_an_agent_without_a_connection_string_sends_nothing(tmp_path):
    given = settings.load({})

    assert open_azure_monitor(given, "m1", tmp_path) is None
    assert not isinstance(open_all_metrics(given, None), Several)


def test_a_connection_string_that_is_none_says_where_to_take_one(tmp_path):
    given = settings.load({"PICKLEFLEET_AZURE_MONITOR": "whatever"})

    with pytest.raises(PicklefleetError, match="Application Insights"):
        open_azure_monitor(given, "m1", tmp_path)


def test_the_machines_identity_signs_in():
    with metadata_service() as service:
        token = MachineCredential(MetadataService(service.url), "serving").get_token(
            "https://monitor.azure.com//.default"
        )

    assert token.token == "token of serving for https://monitor.azure.com"
    assert token.expires_on == 4_000_000_000


ID = "0af7651916cd43dd8448eb211c80319c"


def trace(number=0, **changes):
    told = Trace(
        ID[:-1] + f"{number:x}", "POST", "/api/v1/predict", 200, 1_700_000_000_000 + number, 2_000, 0.01
    )
    return to_line(replace(told, **changes)).encode()


class TestTraces:
    def test_a_drawn_request_arrives_as_a_request_with_its_own_id(self, ingestion, monitor):
        monitor.take_packet(trace(0xC) + b"\npicklefleet.rows:7|c")
        assert monitor.send()
        (envelope,) = ingestion.of("RequestData")
        told = envelope["data"]["baseData"]

        assert envelope["iKey"] == KEY
        assert envelope["tags"]["ai.operation.id"] == ID
        assert envelope["tags"]["ai.operation.name"] == "POST /api/v1/predict"
        assert envelope["tags"]["ai.cloud.role"] == "picklefleet-green"
        assert envelope["sampleRate"] == 1.0  # one stands for a hundred
        assert envelope["time"] == "2023-11-14T22:13:20.010000Z"  # 2 ms before it ended
        assert (told["name"], told["responseCode"], told["success"]) == ("POST /api/v1/predict", "200", True)
        assert told["duration"] == "0.00:00:00.002"
        assert told["properties"] == {"request_id": ID}
        assert ingestion.numbers() == {"picklefleet.rows": [7.0]}

    def test_a_failure_is_told_as_one(self, ingestion, monitor):
        monitor.take_packet(trace(1, status=503) + b"\n" + trace(2, status=422))
        monitor.send()

        told = {
            one["data"]["baseData"]["responseCode"]: one["data"]["baseData"]
            for one in ingestion.of("RequestData")
        }
        assert told["503"]["success"] is False
        assert set(told) == {"503", "422"}

    def test_without_traces_there_is_no_second_exporter(self, monitor, tmp_path):
        monitor.tally.increment("rows")
        monitor.send()

        assert not (tmp_path / "kept" / "traces").exists()

    def test_an_outage_costs_nothing_but_time(self, ingestion, monitor):
        ingestion.status = 503
        for number in range(3):
            monitor.take_packet(trace(number))
            assert not monitor.send()
        ingestion.status = 200
        monitor.take_packet(trace(3))
        assert monitor.send()

        ids = [one["tags"]["ai.operation.id"] for one in ingestion.of("RequestData")]
        assert sorted(ids) == [ID[:-1] + str(number) for number in range(4)]

    def test_a_clients_own_words_become_the_same_id_every_time(self, ingestion, monitor):
        monitor.take_packet(trace(request_id="order-4711-a"))
        monitor.take_packet(trace(request_id="order-4711-a"))
        monitor.send()
        one, two = ingestion.of("RequestData")

        assert one["tags"]["ai.operation.id"] == two["tags"]["ai.operation.id"] != "0" * 32
        assert one["data"]["baseData"]["properties"] == {"request_id": "order-4711-a"}

    def test_they_are_bounded_whoever_sends_them(self, ingestion, monitor):
        for number in range(MOST_TRACES + 10):
            monitor.take_packet(trace(ended_ms=number))
        monitor.send()

        assert len(ingestion.of("RequestData")) == MOST_TRACES
