from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.errors import PicklefleetError
from lifecycle.window import Window, parse

NOW = datetime(2013, 3, 5, 14, 30, tzinfo=UTC)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5.5))])
EARLIEST, LATEST = datetime(2012, 12, 1), datetime(2013, 3, 1)  # noqa: DTZ001 - the strategy adds the zones
MOMENTS = st.datetimes(EARLIEST, LATEST, timezones=ZONES)


def window(start: str, end: str) -> Window:
    return Window(datetime.fromisoformat(start + "+00:00"), datetime.fromisoformat(end + "+00:00"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7d", window("2013-02-26T14:30", "2013-03-05T14:30")),
        ("24h", window("2013-03-04T14:30", "2013-03-05T14:30")),
        ("2013-01-31", window("2013-01-31T00:00", "2013-02-01T00:00")),
        ("2013-01-01..2013-02-01", window("2013-01-01T00:00", "2013-02-01T00:00")),
    ],
)
def test_what_a_person_writes(text: str, expected: Window) -> None:
    assert parse(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    ["", "7", "0d", "-1d", "7w", "2013-02-30", "2013-1-1", "2013W010", "2013-01-01..", "..2013-01-01",
     "2013-02-01..2013-01-01", "2013-01-01..2013-01-01", "2013-01-01..2013-01-02..2013-01-03", "٣d", "9999-12-31"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(PicklefleetError, match="Write 7d, 24h"):
        parse(text, NOW)


def test_the_start_is_inside_and_the_end_is_not() -> None:
    january = parse("2013-01-01..2013-02-01", NOW)

    assert january.contains(january.start)
    assert not january.contains(january.end)


def test_a_window_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Window(datetime(2013, 1, 1), datetime(2013, 1, 2))  # noqa: DTZ001 - that is what is refused


@given(MOMENTS, MOMENTS, MOMENTS)
def test_the_days_put_together_are_the_whole(one: datetime, other: datetime, moment: datetime) -> None:
    start, end = min(one, other), max(one, other) + timedelta(microseconds=1)
    whole = Window(start, end)
    pieces = whole.days()

    assert (pieces[0].start, pieces[-1].end) == (start, end)
    assert sum((piece.end - piece.start for piece in pieces), timedelta()) == end - start
    assert sum(piece.contains(moment) for piece in pieces) == whole.contains(moment)
    assert all(piece.start.date() == (piece.end - timedelta(microseconds=1)).date() for piece in pieces)
