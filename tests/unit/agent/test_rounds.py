"""Rounds go on whatever the store does, more slowly while it does not answer."""

import errno
import threading
from dataclasses import replace

import pytest

from agent.rounds import Rounds
from lifecycle.errors import StoreUnavailableError
from lifecycle.machine import MachineDirectory
from lifecycle.metrics import NullMetrics
from lifecycle.signing import TrustSet


class Waits(threading.Event):
    """Keeps the pauses asked for, and ends the rounds after a number of them."""

    def __init__(self, rounds):
        super().__init__()
        self.pauses = []
        self._rounds = rounds

    def wait(self, timeout=None):
        self.pauses.append(timeout)
        if len(self.pauses) == self._rounds:
            self.set()
        return self.is_set()


class DeadRegistry:
    def alias(self, *_, **__):
        raise StoreUnavailableError("The store did not answer.")


@pytest.fixture
def dead(settings):
    return Rounds(DeadRegistry(), MachineDirectory(settings.machine_dir), lambda: TrustSet({}), NullMetrics())


def test_a_store_that_does_not_answer_is_asked_less_and_less_often_up_to_a_minute(dead):
    stop = Waits(6)

    dead.run(5.0, stop)

    assert stop.pauses == [10.0, 20.0, 40.0, 60.0, 60.0, 60.0]


def test_a_full_disk_does_not_end_the_rounds(dead):
    class FullDisk:
        def alias(self, *_, **__):
            raise OSError(errno.ENOSPC, "No space left on device")

    stop = Waits(2)
    replace(dead, registry=FullDisk()).run(5.0, stop)

    assert stop.pauses == [10.0, 20.0]


def test_a_good_round_restores_the_pace(registry, settings):
    rounds = Rounds(registry, MachineDirectory(settings.machine_dir), lambda: TrustSet({}), NullMetrics())
    stop = Waits(2)

    rounds.run(5.0, stop)

    assert stop.pauses == [5.0, 5.0]


def test_one_round_tells_its_failure_to_who_asked(dead):
    with pytest.raises(StoreUnavailableError):
        dead.once()
