import threading

import pytest

from agent.shipper import Shipper
from agent.shipping_rounds import ShippingRounds
from lifecycle.errors import StoreUnavailableError
from tests.record_builders import SIGNATURE, record, recorder, records_area, stored_ids


class AwayAtFirst:
    """The real store, which does not answer the first tries."""

    def __init__(self, area, tries):
        self._area, self._tries = area, tries

    def create_from_file(self, key, path):
        self._tries -= 1
        if self._tries >= 0:
            raise StoreUnavailableError("away")
        self._area.create_from_file(key, path)

    def __getattr__(self, name):
        return getattr(self._area, name)


@pytest.fixture
def spool(tmp_path):
    writing = recorder(tmp_path / "spool")
    writing.prediction(SIGNATURE, record("A"))
    writing.close()
    return tmp_path / "spool"


def test_a_stop_ships_what_is_there_before_it_ends(tmp_path, spool):
    stop = threading.Event()
    stop.set()
    ShippingRounds(Shipper(records_area(tmp_path / "store"), spool)).run(60, stop)

    assert stored_ids(tmp_path / "store") == ["A-0"]


def test_one_round_tells_that_the_store_is_away(tmp_path, spool):
    store = AwayAtFirst(records_area(tmp_path / "store"), tries=1)

    with pytest.raises(StoreUnavailableError):
        ShippingRounds(Shipper(store, spool)).once()


def test_the_rounds_outlive_a_store_that_is_away(tmp_path, spool):
    stop = threading.Event()
    rounds = ShippingRounds(Shipper(AwayAtFirst(records_area(tmp_path / "store"), tries=2), spool))
    running = threading.Thread(target=rounds.run, args=(0.01, stop))
    running.start()
    for _ in range(200):
        if stored_ids(tmp_path / "store"):
            break
        stop.wait(0.02)
    stop.set()
    running.join(10)

    assert stored_ids(tmp_path / "store") == ["A-0"]
    assert not running.is_alive()
