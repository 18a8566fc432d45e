"""What the predict path counts of every request, and that a failure there fails no answer."""

import pytest

from lifecycle.measurements.measuring import Measuring
from tests import builders
from tests.serving import client_for
from webapp.watch import drawn_row, ending_of

BUILT = builders.classifier()
ROWS = list(BUILT.rows[:3])


@pytest.fixture
def measuring(tmp_path):
    made = Measuring(tmp_path / "blue")
    made.compare_with(tmp_path, BUILT.model.signature)
    return made


def counted(measuring):
    (minute,) = measuring._minutes.values()
    return list(minute.values())


def post(client, rows):
    return client.post("/api/v1/predict", json={"instances": rows})


def test_a_request_is_counted_for_the_version_that_answered(measuring):
    post(client_for(BUILT, measuring=measuring), ROWS)

    (cell,) = counted(measuring)
    assert (cell.version, cell.arm, cell.source, cell.ok, cell.rows) == ("v1", "champion", "live", 1, 3)
    assert sum(cell.latency["some"].values()) == 1
    assert [sum(places) for places in cell.scores.values()] == [1]


def test_a_refused_request_is_the_callers_fault(measuring):
    post(client_for(BUILT, measuring=measuring), [])

    (cell,) = counted(measuring)
    assert (cell.ok, cell.refused, cell.failed) == (0, 1, 0)


def test_a_model_that_raises_is_counted_against_its_version(measuring):
    calls = []

    def fail(rows):
        calls.append(rows)
        return [0.0] * rows if len(calls) == 1 else 1 / 0  # the first call answers the golden rows

    broken = builders.answering(fail)
    post(client_for(broken, measuring=measuring), list(broken.rows))

    (cell,) = counted(measuring)
    assert (cell.version, cell.failed) == ("v1", 1)
    assert cell.scores == {}


def test_without_a_model_the_failure_is_nobodys(measuring):
    post(client_for(None, measuring=measuring), ROWS)

    (cell,) = counted(measuring)
    assert (cell.version, cell.failed) == ("", 1)


def test_what_can_not_be_counted_costs_no_answer(measuring):
    measuring._bins = None

    assert post(client_for(BUILT, measuring=measuring), ROWS).status_code == 200


def test_the_drawn_row_is_one_of_them_and_the_same_for_a_request():
    assert {drawn_row(f"request-{number}", 3) for number in range(50)} == {0, 1, 2}
    assert drawn_row("a", 7) == drawn_row("a", 7)


@pytest.mark.parametrize(
    ("status", "ending"), [(200, "ok"), (422, "refused"), (500, "failed"), (503, "failed"), (504, "timeout")]
)
def test_a_status_says_how_a_request_ended(status, ending):
    assert ending_of(status) == ending
