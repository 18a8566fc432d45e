import pytest

from lifecycle.errors import NotFoundError, StoreUnavailableError
from lifecycle.measurements.cell import Cell
from lifecycle.measurements.document import Measurements
from lifecycle.measurements.fleet import (
    FleetReader,
    close_gate,
    forget_before,
    of_version,
    open_gate,
    open_gates,
    publish,
)

HOUR = 500_000
MINUTE = HOUR * 60


@pytest.fixture
def control(registry):
    return registry.control


def tell(control, minutes, *, colour="blue", machine="one", hour=HOUR, written_ms=1):
    publish(control, colour, machine, hour, Measurements(minutes=minutes, written_ms=written_ms))


def test_machines_are_added(control):
    tell(control, {MINUTE: [Cell(version="v1", ok=2)]}, machine="one")
    tell(control, {MINUTE: [Cell(version="v1", ok=3)]}, machine="two")

    assert FleetReader(control).read(MINUTE).everywhere()[MINUTE][0].ok == 5


def test_only_the_newest_document_of_a_machine_and_hour_counts(control):
    reader = FleetReader(control)
    for ok in (2, 3, 7):
        tell(control, {MINUTE: [Cell(version="v1", ok=ok)]})
        assert reader.read(MINUTE).everywhere()[MINUTE][0].ok == ok
    assert len(control.list("measurements")) == 2


def test_hours_stand_beside_each_other(control):
    tell(control, {MINUTE: [Cell(ok=1)]})
    tell(control, {MINUTE + 60: [Cell(ok=1)]}, hour=HOUR + 1)

    assert list(FleetReader(control).read(MINUTE).everywhere()) == [MINUTE, MINUTE + 60]
    assert list(FleetReader(control).read(MINUTE + 61).everywhere()) == [MINUTE + 60]


def test_colours_stay_apart_until_they_are_asked_for_together(control):
    tell(control, {MINUTE: [Cell(ok=1)]}, colour="blue")
    tell(control, {MINUTE: [Cell(ok=2)]}, colour="green")
    fleet = FleetReader(control).read(MINUTE)

    assert {colour: minutes[MINUTE][0].ok for colour, minutes in fleet.colours.items()} == {
        "blue": 1,
        "green": 2,
    }
    assert fleet.everywhere()[MINUTE][0].ok == 3


def test_the_newest_writing_tells_idleness_from_silence(control):
    tell(control, {}, machine="one", written_ms=60_000 * MINUTE)
    tell(control, {}, machine="two", written_ms=60_000 * (MINUTE + 3))

    assert FleetReader(control).read(MINUTE).newest_minute == MINUTE + 3
    assert FleetReader(control).read(MINUTE + 120).newest_minute is None


def test_a_document_replaced_while_it_is_read_is_looked_for_again(control):
    tell(control, {MINUTE: [Cell(ok=1)]})

    class Racing:
        asked = 0

        def list(self, prefix):
            return control.list(prefix)

        def get(self, key):
            self.asked += 1
            if self.asked == 1:
                raise NotFoundError("gone")
            return control.get(key)

    assert FleetReader(Racing()).read(MINUTE).everywhere()[MINUTE][0].ok == 1


def test_documents_that_are_never_there_end_in_an_error(control):
    tell(control, {MINUTE: [Cell(ok=1)]})

    class Gone:
        def list(self, prefix):
            return control.list(prefix)

        def get(self, key):
            raise NotFoundError(key)

    with pytest.raises(StoreUnavailableError):
        FleetReader(Gone()).read(MINUTE)


def test_a_version_s_shadow_is_not_its_live_arm(control):
    minutes = {
        MINUTE: [
            Cell(version="v2", ok=1),
            Cell(version="v2", source="shadow", ok=9),
            Cell(version="v1", ok=5),
        ]
    }

    assert of_version(minutes, "v2", "live")[MINUTE].ok == 1
    assert of_version(minutes, "v2", "shadow")[MINUTE].ok == 9


def test_old_hours_are_forgotten(control):
    for hour in range(HOUR, HOUR + 5):
        tell(control, {}, hour=hour)
    forget_before(control, "blue", "one", HOUR + 3)

    assert len(control.list("measurements")) == 2


def test_gates_are_open_until_each_is_closed(control):
    open_gate(control, "a")
    open_gate(control, "a")
    open_gate(control, "b")
    close_gate(control, "a")
    assert open_gates(control) == ["b"]
    close_gate(control, "b")

    assert open_gates(control) == []
