"""Rounds go on whatever the store does, more slowly while it does not answer, and to the end of a preparation."""

import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from agent.rounds import Rounds
from agent.sync import Synced
from lifecycle.errors import BundleError, StoreUnavailableError, UntrustedBundleError
from lifecycle.machine import Serving
from lifecycle.policy import TrafficPolicy, VersionRef
from tests.fakes import RecordingMetrics

SERVING = Serving.of("flights", TrafficPolicy(7, VersionRef("v1", "1" * 64)))
UNCHANGED, PREPARING = Synced("unchanged", SERVING), Synced("preparing", SERVING)
SWITCHED, REFUSED = Synced("switched", SERVING), Synced("refused", SERVING, "It does not fit.")


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


@dataclass
class Told:
    """A sync that finds what it is told to; the last of it again and again. A problem is raised."""

    looks: list
    advances: list = field(default_factory=lambda: [UNCHANGED])

    def look(self):
        return self._next(self.looks)

    def advance(self):
        return self._next(self.advances)

    def _next(self, found):
        one = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(one, Exception):
            raise one
        return one


DEAD = StoreUnavailableError("The store did not answer.")
Make = Callable[..., Rounds]


@pytest.fixture
def metrics():
    return RecordingMetrics()


@pytest.fixture
def rounds(metrics):
    return lambda *looks, **more: Rounds(Told(list(looks), **more), metrics)


def test_a_store_that_does_not_answer_is_asked_less_and_less_often_up_to_a_minute(rounds):
    stop = Waits(6)

    rounds(DEAD).run(5.0, stop)

    assert stop.pauses == [10.0, 20.0, 40.0, 60.0, 60.0, 60.0]


def test_a_full_disk_does_not_end_the_rounds(rounds):
    stop = Waits(2)

    rounds(OSError(errno.ENOSPC, "No space left on device")).run(5.0, stop)

    assert stop.pauses == [10.0, 20.0]


def test_a_good_round_restores_the_pace(rounds):
    stop = Waits(3)

    rounds(DEAD, UNCHANGED).run(5.0, stop)

    assert stop.pauses == [10.0, 5.0, 5.0]


@pytest.mark.parametrize(
    "found", [REFUSED, UntrustedBundleError("Not believed.")], ids=["refused", "untrusted"]
)
def test_a_policy_that_can_not_be_had_slows_nothing_down_so_that_a_rollback_is_seen_at_once(rounds, found):
    stop = Waits(3)

    rounds(found).run(5.0, stop)

    assert stop.pauses == [5.0, 5.0, 5.0]


def test_one_round_tells_its_failure_to_who_asked(rounds):
    with pytest.raises(StoreUnavailableError):
        rounds(DEAD).once()
    with pytest.raises(BundleError, match="It does not fit"):
        rounds(REFUSED).once()


def test_a_round_goes_on_until_everybody_has_prepared(rounds, metrics):
    assert rounds(PREPARING, advances=[PREPARING, SWITCHED]).once() is SWITCHED
    assert metrics.counts == {"policy_swaps.switched": 1, "agent_syncs.ok": 1}
    assert metrics.gauges == {"policy_number": 7}


def test_what_the_store_gave_comes_to_its_end_without_it(rounds):
    assert rounds(DEAD, advances=[PREPARING, SWITCHED]).once() is SWITCHED


def test_a_refused_policy_is_counted(rounds, metrics):
    stop = Waits(1)
    rounds(REFUSED).run(5.0, stop)

    assert metrics.counts == {"policy_swaps.refused": 1, "agent_syncs.failed": 1}
