import threading

import pytest

from lifecycle.metrics import METRICS, NullMetrics
from lifecycle.metrics_tally import MOST_SERIES, Point, Several, Tally


def test_counters_are_added_up_and_begin_anew():
    tally = Tally()
    tally.increment("requests", status="2xx")
    tally.increment("requests", 4, status="2xx")

    assert tally.take() == [Point("picklefleet.requests.2xx", "counter", 5)]
    assert tally.take() == []


def test_gauges_are_told_until_they_are_told_otherwise():
    tally = Tally()
    tally.gauge("workers", 2)
    tally.gauge("workers", 4)

    assert tally.take() == [Point("picklefleet.workers", "gauge", 4)]
    assert tally.take() == [Point("picklefleet.workers", "gauge", 4)]


def test_an_observation_is_one_more_in_its_bucket():
    tally = Tally()
    tally.observe("request_seconds", 0.0009)
    tally.observe("request_seconds", 0.00095)

    assert tally.take() == [Point("picklefleet.request_seconds.to_000001000", "counter", 2)]


def test_what_containers_send_is_added_to_it():
    tally = Tally()
    tally.take_packet(
        b"picklefleet.rows:3|c\npicklefleet.rows:2|c\npicklefleet.workers:4|g\npicklefleet.workers:-1|g"
    )

    assert tally.take() == [
        Point("picklefleet.rows", "counter", 5),
        Point("picklefleet.workers", "gauge", 3),
    ]


@pytest.mark.parametrize(
    "packet", [b"", b"nonsense", b"a:b|c", b"a:1", b"a:1|ms", b"\xff\xfe:1|x", b"a:nan|"]
)
def test_what_is_no_line_of_ours_is_left_out(packet):
    tally = Tally()
    tally.take_packet(packet)

    assert tally.take() == []


def test_a_container_that_was_taken_over_fills_no_memory():
    tally = Tally()
    for number in range(MOST_SERIES + 500):
        tally.take_packet(f"picklefleet.x{number}:1|c".encode())

    assert len(tally.take()) == MOST_SERIES


def test_no_count_is_lost_between_threads():
    tally, taken = Tally(), []
    threads = [
        threading.Thread(target=lambda: [tally.increment("rows") for _ in range(2000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken += tally.take()
    taken += tally.take()

    assert sum(point.value for point in taken) == 8000


def test_one_emission_reaches_every_sink():
    first, second = Tally(), Tally()
    several = Several((first, NullMetrics(), second))
    several.increment("rows", 3)
    several.gauge("workers", 1)
    several.observe("stage_seconds", 1.0, stage="parse")

    assert first.take() == second.take()


def test_a_name_that_is_not_in_the_list_is_refused():
    assert METRICS
    with pytest.raises(ValueError, match="no counter named"):
        Tally().increment("made_up")
