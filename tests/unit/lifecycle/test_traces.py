"""A few requests leave a line; what a line may hold is bounded, for anybody may send one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import settings
from lifecycle.adapters.statsd import open_metrics, open_traces
from lifecycle.errors import SettingsError
from lifecycle.traces import HEAD, Drawn, Trace, from_line, to_line, without_traces

TRACE = Trace(
    "0af7651916cd43dd8448eb211c80319c", "POST", "/api/v1/predict", 200, 1_700_000_000_000, 2_500, 0.01
)


def test_what_is_sent_is_what_is_read():
    assert from_line(to_line(TRACE).encode()) == TRACE


@pytest.mark.parametrize(
    "changes",
    [
        {"request_id": "a b"}, {"request_id": ""}, {"request_id": "x" * 65}, {"method": "P|c"}, {"route": "/a?b=c"}, {"route": "r" * 101},
        {"status": 99}, {"status": 600}, {"took_us": -1}, {"share": 0.0}, {"share": 1.5},
    ],
)  # fmt: skip
def test_a_trace_of_anything_else_is_left_out(changes):
    assert from_line(to_line(replace(TRACE, **changes)).encode()) is None


@given(st.binary(max_size=600))
def test_no_bytes_raise(tail):
    assert from_line(HEAD.encode() + tail) is None
    assert from_line(tail) is None


def test_a_share_of_requests_is_drawn():
    lines, draws = [], iter([0.0, 0.09, 0.1, 0.5, 0.99])
    drawn = Drawn(0.1, lines.append, lambda: next(draws))
    for number in range(5):
        drawn.answered(f"request-{number}", "POST", "/api/v1/predict", 200, 0.0025)

    assert [from_line(line.encode()).request_id for line in lines] == ["request-0", "request-1"]
    assert from_line(lines[0].encode()).took_us == 2500


def test_what_is_no_harmless_word_is_not_sent():
    lines = []
    Drawn(1.0, lines.append).answered("abc", "GÜT", "/livez", 200, 0.001)

    assert lines == []


def test_a_statsd_server_sees_none():
    packet = b"picklefleet.rows:7|c\n" + to_line(TRACE).encode() + b"\npicklefleet.rows:1|c"

    assert without_traces(packet) == b"picklefleet.rows:7|c\npicklefleet.rows:1|c"
    assert without_traces(b"picklefleet.rows:7|c") == b"picklefleet.rows:7|c"


def test_off_is_nothing_at_all():
    given = settings.load({"PICKLEFLEET_STATSD_HOST": "127.0.0.1"})

    assert open_traces(given, open_metrics(given)) is None


def test_traces_need_somebody_who_takes_them():
    with pytest.raises(SettingsError, match="STATSD_HOST"):
        settings.load({"PICKLEFLEET_TRACE_SHARE": "0.01"})


@pytest.mark.parametrize("text", ["-0.1", "1.1", "2", "a", "1e-3", "0.0000001", ".5"])
def test_a_share_is_a_number_from_0_to_1(text):
    with pytest.raises(SettingsError, match="TRACE_SHARE"):
        settings.load({"PICKLEFLEET_TRACE_SHARE": text, "PICKLEFLEET_STATSD_HOST": "127.0.0.1"})
