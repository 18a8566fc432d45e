import threading

import pytest

from agent.edge_proxy.admission import EdgeProxy
from agent.host import CpuTimes, busy_percent, cpu_times, memory_available_percent
from agent.host_rounds import HostRounds
from tests.fakes import RecordingMetrics

STAT = "cpu  100 10 50 800 40 0 0 0 7 0\ncpu0 1 2 3 4 5\n"


def test_waiting_for_a_disk_and_a_guest_counted_twice_are_not_busy():
    assert cpu_times(STAT) == CpuTimes(busy=160, total=1000)


def test_busy_is_what_went_by_between_two_looks():
    assert busy_percent(CpuTimes(160, 1000), CpuTimes(260, 1200)) == 50
    assert busy_percent(CpuTimes(160, 1000), CpuTimes(160, 1000)) is None


def test_memory_is_what_programs_could_still_have():
    meminfo = "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   250 kB\nHugePages_Total:  0\n"

    assert memory_available_percent(meminfo) == 25


@pytest.mark.parametrize("read", [cpu_times, memory_available_percent])
def test_anything_else_is_told_as_such(read):
    with pytest.raises(ValueError, match="no /proc"):
        read("nonsense\n")


def test_a_round_tells_what_this_machine_has_left(tmp_path):
    metrics = RecordingMetrics()
    rounds = HostRounds("m1", tmp_path, None, metrics)

    rounds.once()
    rounds.once()

    assert 0 < metrics.gauges["host_memory_available_percent.m1"] <= 100
    assert 0 < metrics.gauges["host_disk_free_percent.m1"] <= 100


def test_the_edges_counters_are_told_as_they_grow_and_after_a_restart_from_nothing():
    metrics = RecordingMetrics()
    rounds = HostRounds("m1", None, None, metrics)

    for answers, told in (("100", 0), ("130", 30), ("20", 50)):
        rounds._count({"hrsp_2xx": answers, "hrsp_3xx": "0", "hrsp_4xx": "0", "hrsp_5xx": "0", "dreq": ""})
        assert metrics.counts["edge_answers.2xx"] == told


def test_the_last_word_of_an_agent_whose_edge_has_ended_is_that_nobody_comes_in_here(tmp_path):
    """StatsD repeats it: a machine that left in order is not missed, one that died in the traffic is."""
    metrics, stop = RecordingMetrics(), threading.Event()
    stop.set()

    HostRounds("m1", tmp_path, EdgeProxy(tmp_path), metrics).run(stop)

    assert metrics.gauges == {"edge_admitted.m1": 0}
