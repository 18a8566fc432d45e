from datetime import UTC, datetime, timedelta

import pytest

from lifecycle.errors import PicklefleetError
from lifecycle.prediction import FleetKey, mint
from lifecycle.signature import Feature, Output, Signature
from lifecycle.window import Window
from picklefleet.replay_command import Flight, in_requests, read_flights, replay_request

SIGNATURE = Signature(
    (Feature("hour", "number", "float64"),), (Output("y", "classification", ("late", "on time")),)
)
NOON = datetime(2013, 4, 1, 12, 10, tzinfo=UTC)
APRIL = Window(datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 4, 2, tzinfo=UTC))


class Service:
    """Answers as the real one, with ids of the time that it is told, or of its own."""

    def __init__(self, *, believes=True):
        self.believes, self.calls = believes, []

    def __call__(self, resource, document, at):
        self.calls.append((resource, document, at))
        told = int(at.timestamp() * 1000) if self.believes else None
        rows = len(document.get("instances", ()))
        base = mint(FleetKey(b"k" * 32), rows, unix_ms=told)
        return {"predictions": [{"prediction_id": f"{base}-{row}"} for row in range(rows)]}


def flight(minutes=0, actual="late"):
    return Flight(NOON + timedelta(minutes=minutes), {"hour": 12.0}, actual)


def test_the_flights_of_a_window_come_by_time(tmp_path):
    path = tmp_path / "later.csv"
    path.write_text(
        "scheduled_at,hour,arrival\n2013-04-01T12:00:00Z,12,late\n2013-04-02T00:00:00Z,1,late\n"
        "2013-04-01T00:00:00Z,,\n2013-03-31T23:59:59Z,3,late\n"
    )

    flights = read_flights(path, SIGNATURE, APRIL)

    assert [(one.instance, one.actual) for one in flights] == [({"hour": None}, None), ({"hour": 12}, "late")]


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(PicklefleetError, match="--later"):
        read_flights(tmp_path / "none.csv", SIGNATURE, APRIL)


def test_a_request_holds_one_hour_and_at_most_500_rows():
    sizes = [len(some) for some in in_requests([flight() for _ in range(501)] + [flight(60)])]

    assert sizes == [500, 1, 1]


def test_true_values_follow_a_day_later_where_they_are_known():
    service = Service()

    assert replay_request([flight(), flight(actual=None)], service) == 2
    (_, asked, at), (resource, told, later) = service.calls
    assert (len(asked["instances"]), at) == (2, NOON)
    assert (resource, len(told["items"]), later) == ("feedback", 1, NOON + timedelta(days=1))


def test_a_service_with_a_time_of_its_own_is_noticed_before_anything_is_told():
    service = Service(believes=False)

    with pytest.raises(PicklefleetError, match="PICKLEFLEET_REPLAY=1"):
        replay_request([flight()], service)
    assert len(service.calls) == 1
