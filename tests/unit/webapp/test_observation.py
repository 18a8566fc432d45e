from collections import Counter

from lifecycle.metrics import NullMetrics
from lifecycle.traces import Drawn, from_line
from tests import builders
from tests.fakes import RecordingMetrics
from tests.serving import client_for, service_for, traffic_for
from webapp.observation import Observer


class Recorder(NullMetrics):
    """Keeps what was measured, after the real checks of names and tags."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.in_flight: list[float] = []
        self.observed: list[tuple[str, ...]] = []

    def increment(self, name: str, amount: int = 1, /, **tags: str) -> None:
        super().increment(name, amount, **tags)
        self.counts[name, *tags.values()] += amount

    def gauge(self, name: str, value: float, /, **tags: str) -> None:
        super().gauge(name, value, **tags)
        if name == "in_flight":
            self.in_flight.append(value)

    def observe(self, name: str, value: float, /, **tags: str) -> None:
        super().observe(name, value, **tags)
        assert value >= 0
        self.observed.append((name, *tags.values()))


def test_a_prediction_is_measured_as_a_whole_and_by_stage():
    metrics = Recorder()
    built = builders.classifier()
    client = client_for(built, metrics=metrics)

    client.post("/api/v1/predict", json={"instances": list(built.rows[:3])})

    assert metrics.counts == {("requests", "2xx"): 1, ("rows",): 3}
    assert metrics.in_flight == [1, 0]
    assert metrics.observed == [
        ("stage_seconds", "parse"),
        ("stage_seconds", "predict"),
        ("stage_seconds", "answer"),
        ("stage_seconds", "record"),
        ("request_seconds",),
    ]


def test_problems_are_counted_by_type_each_once():
    metrics = Recorder()
    built = builders.classifier()
    client = client_for(built, metrics=metrics)

    client.post("/api/v1/predict", json={"instances": []})
    client.post("/api/v1/predict", data="{", content_type="application/json")
    client.get("/nothing")

    assert metrics.counts == {
        ("requests", "4xx"): 3,
        ("problems", "invalid-request"): 1,
        ("problems", "malformed-json"): 1,
        ("problems", "not-found"): 1,
    }


def test_requests_in_flight_are_told_once_a_second_and_when_there_are_none_any_more(monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr("webapp.observation.monotonic", lambda: moment[0])
    metrics = Recorder()
    observer = Observer(metrics)

    for pause in (0.0, 0.1, 0.1, 1.0):
        moment[0] += pause
        observer.begin()
    for _ in range(4):
        observer.answered(moment[0], 200)
    observer.begin()
    observer.answered(moment[0], 200)

    assert metrics.in_flight == [1, 4, 0]
    assert observer.in_flight == 0


def test_who_answers_is_told_again_now_and_then_for_a_statsd_that_was_started_again(monkeypatch):
    """Once, at the switch, would be lost with it."""
    moment = [1000.0]
    monkeypatch.setattr("webapp.observation.monotonic", lambda: moment[0])
    metrics = RecordingMetrics()
    observer = Observer(metrics)

    def told():
        metrics.gauges.clear()
        observer.answered(observer.begin(), 200)
        return {path: value for path, value in metrics.gauges.items() if path.startswith("model_info")}

    observer.switched(traffic_for(builders.classifier()), None)
    assert told() == {"model_info.v1": 1}
    assert told() == {}
    moment[0] += 10
    assert told() == {"model_info.v1": 1}


def test_every_lane_tells_of_a_drawn_request_under_its_own_id():
    lines = []
    built = builders.classifier()
    client = client_for(built, traces=Drawn(1.0, lines.append))

    client.post(
        "/api/v1/predict", json={"instances": list(built.rows[:1])}, headers={"X-Request-Id": "order-4711"}
    )
    client.get("/nothing/here", headers={"X-Request-Id": "order-4712"})

    told = [from_line(line.encode()) for line in lines]
    assert [(one.request_id, one.method, one.route, one.status) for one in told] == [
        ("order-4711", "POST", "/api/v1/predict", 200),
        ("order-4712", "GET", "none", 404),
    ]
    assert all(one.took_us > 0 for one in told)


def test_a_process_that_draws_none_holds_nothing_of_it():
    assert service_for(builders.classifier()).traces is None
