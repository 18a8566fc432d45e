"""One unit, one outcome: from recorded requests and true values to what the arms are compared by."""

import pytest

from lifecycle.policy import VersionRef
from release.experiment.units import read_arms
from tests.log_builders import THREE_HOURS, Machine
from tests.record_builders import HOUR, NOON, SIGNATURE, record

CHALLENGER, CHAMPION = (VersionRef(f"v{number}", str(number) * 64) for number in (2, 1))


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def arms(machine):
    return read_arms(machine.log, THREE_HOURS, (CHALLENGER, CHAMPION), SIGNATURE, None)


def test_a_unit_counts_once_by_its_first_labelled_answer(machine):
    machine.predict(
        record("A", unit_id="ann", version="v2"),
        record("B", unit_id="ann", version="v2", at_ms=NOON + HOUR),
        record("C", unit_id="bob", version="v2"),
    )
    machine.label({"A-0": "late", "B-0": "on time"}, received_ms=NOON + 2 * HOUR)
    found = arms(machine)

    assert found.challenger.assigned == {"ann", "bob"}
    assert found.challenger.right == {"ann": (NOON, True)}


def test_a_request_without_a_unit_is_its_own_unit(machine):
    machine.predict(record("A"), record("B"))

    assert arms(machine).champion.assigned == {"request-A", "request-B"}


def test_shadows_are_no_arm(machine):
    machine.predict(record("A", version="v2", source="shadow", arm="shadow"))

    assert arms(machine).challenger.assigned == set()


def test_arms_are_compared_within_the_hour(machine):
    machine.predict(
        *(record(f"A{n}", unit_id=f"a{n}", version="v2") for n in range(3)),
        *(record(f"B{n}", unit_id=f"b{n}") for n in range(2)),
        record("C", unit_id="c", at_ms=NOON + HOUR),
    )
    machine.label(
        {"A0-0": "late", "A1-0": "on time", "A2-0": "late", "B0-0": "late", "B1-0": "on time", "C-0": "late"}
    )
    (block,) = arms(machine).blocks()

    assert (block.challenger.n, block.challenger.hits) == (3, 2)
    assert (block.champion.n, block.champion.hits) == (2, 1)


def test_a_unit_that_saw_both_versions_is_told(machine):
    machine.predict(record("A", unit_id="ann", version="v2"), record("B", unit_id="ann"))

    assert arms(machine).crossed() == 1
