"""Champion beside shadow, row by row: pairs are found by their request, whatever else lies in the log."""

import math

import pytest

from lifecycle.model import OutputAnswer
from lifecycle.prediction_log.shadow_rows import SHOWN, Compared, compare_shadow, latency
from tests.log_builders import THREE_HOURS, Machine
from tests.record_builders import HOUR, NOON, SIGNATURE, new_id, record


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def answers(*late):
    """The probability of "late" in each row; its label is the likelier."""
    labels = ["late" if share > 0.5 else "on time" for share in late]
    return [OutputAnswer(labels, [[share, 1 - share] for share in late])]


def both(request, given, shadowed, *, at_ms=NOON, **more):
    """One request as the champion and as its shadow answered it."""
    common = {"request_id": request, "at_ms": at_ms, "rows": len(given)}
    champion = record(new_id(len(given)), answers=answers(*given), latency_us=2_000, **common)
    shadow = {"version": "v2", "arm": "shadow", "source": "shadow", "latency_us": 9_000} | more
    return champion, record(new_id(len(given)), answers=answers(*shadowed), **(common | shadow))


def compared(machine, version="v2"):
    return compare_shadow(machine.log, THREE_HOURS, version, SIGNATURE)


def test_without_a_shadow_nothing_is_compared(machine):
    machine.predict(record(new_id()))

    assert compared(machine) == Compared()
    assert Compared().agreement is None


def test_rows_are_paired_by_request_and_number(machine):
    machine.predict(*both("a", [0.9, 0.2], [0.8, 0.7]), *both("b", [0.4], [0.4], at_ms=NOON + HOUR))

    found = compared(machine)

    assert (found.rows, found.agreed) == (3, 2)
    assert found.agreement == pytest.approx(2 / 3)
    assert found.mean_distance == pytest.approx((0.1 + 0.5 + 0) / 3)
    worst = found.largest[0]
    assert (worst.request_id, worst.row) == ("a", 1)
    assert worst.distance == pytest.approx(0.5)
    assert (worst.champion["label"], worst.shadow["label"]) == ("on time", "late")
    assert "p_late" in worst.shadow


def test_latencies_are_counted_once_a_request(machine):
    machine.predict(*both("a", [0.9, 0.2], [0.8, 0.7]), *both("b", [0.4], [0.4]))

    found = compared(machine)

    assert (sum(found.champion_latency), sum(found.shadow_latency)) == (2, 2)
    assert 0.002 <= latency(found.champion_latency, 0.5) < 0.0026
    assert 0.009 <= latency(found.shadow_latency, 0.95) < 0.0115
    assert math.isnan(latency(Compared().shadow_latency, 0.5))


def test_other_shadows_and_requests_that_nobody_shadowed_are_left_out(machine):
    machine.predict(*both("a", [0.9], [0.1], version="v3"), *both("b", [0.9], [0.9]), record(new_id()))

    assert compared(machine).rows == 1
    assert compared(machine, "v3").agreed == 0


def test_a_request_id_that_a_caller_uses_twice_pairs_with_its_own_time(machine):
    machine.predict(*both("a", [0.9], [0.9]), *both("a", [0.1], [0.1], at_ms=NOON + 5))

    assert (compared(machine).rows, compared(machine).agreed) == (2, 2)


def test_only_the_largest_differences_are_kept(machine):
    pairs = [both(f"r{n}", [0.9], [0.9 - n / 100], at_ms=NOON + n % 2 * HOUR) for n in range(30)]
    machine.predict(*(one for pair in pairs for one in pair))

    distances = [one.distance for one in compared(machine).largest]

    assert len(distances) == SHOWN
    assert distances == sorted(distances, reverse=True)
    assert distances[0] == pytest.approx(0.29)
