"""A web process prepares what is offered, says so, and switches when the machine points there; it never guesses."""

import os
from itertools import pairwise

import pytest

from lifecycle import clock
from lifecycle.machine import MachineDirectory, Serving
from lifecycle.policy import TrafficPolicy
from lifecycle.web_processes import Presence, WebProcess, living
from tests import builders
from tests.cached_bundles import bring, with_other_answers
from webapp.current_traffic import CurrentTraffic
from webapp.policy_watch import PolicyWatch

BUILT = builders.classifier()


@pytest.fixture
def machine(settings):
    return MachineDirectory(settings.machine_dir)


class Process:
    """One web process, turned by hand."""

    def __init__(self, machine, trust):
        self.told, self.stopped, self.stopping = [], 0, False
        self.current = CurrentTraffic(machine, trust, max_rows=50)
        self.watch = PolicyWatch(
            machine,
            self.current,
            Presence.enter(machine.web, WebProcess(os.getpid())),
            switched=lambda now, before: self.told.append((now, before)),
            stopping=lambda: self.stopping,
            stop=self._stop,
        )

    def _stop(self):
        self.stopped += 1

    @property
    def version(self):
        return None if self.current() is None else self.current().champion.model.version


@pytest.fixture
def process(machine, trust):
    made = Process(machine, trust)
    yield made
    made.watch.presence.leave()


@pytest.fixture
def offer(machine, keys):
    def make(number, **more):
        ref = bring(machine, keys, BUILT, f"v{number}", **more)
        return Serving.of("flights", TrafficPolicy(number, ref))

    return make


def said(machine):
    (one,) = living(machine.web)
    return one


def test_without_anything_to_serve_it_waits(process, machine):
    process.watch.turn()

    assert (process.version, said(machine).serving) == (None, "")


def test_it_prepares_and_says_so_and_switches_only_then(process, machine, offer):
    first, second = offer(1), offer(2)
    machine.serve(first)
    process.watch.turn()
    machine.want(second)
    process.watch.turn()

    assert (process.version, said(machine).serving, said(machine).prepared) == ("v1", first.id, second.id)

    machine.serve(second)
    process.watch.turn()

    assert (process.version, said(machine).serving) == ("v2", second.id)
    assert [now.champion.model.version for now, _ in process.told] == ["v1", "v2"]


def test_the_first_model_of_a_machine_comes_the_same_way(process, machine, offer):
    wanted = offer(1)
    machine.want(wanted)
    process.watch.turn()
    assert (process.version, said(machine).prepared) == (None, wanted.id)

    machine.serve(wanted)
    process.watch.turn()
    assert process.version == "v1"


def test_what_it_can_not_prepare_it_refuses_with_the_reason_and_once(process, machine, offer, monkeypatch):
    machine.serve(offer(1))
    process.watch.turn()
    bad = offer(2, golden=with_other_answers(BUILT))
    machine.want(bad)
    process.watch.turn()

    assert said(machine).refused == bad.id
    assert "golden rows" in said(machine).reason
    assert process.version == "v1"
    monkeypatch.setattr(process.current, "prepare", None)
    process.watch.turn()


def test_what_could_not_be_said_of_a_switch_is_said_in_the_next_turn(process, machine, offer, monkeypatch):
    first = offer(1)
    machine.serve(first)
    with monkeypatch.context() as full:
        full.setattr(Presence, "_write", lambda *_: (_ for _ in ()).throw(OSError("No space left on device")))
        process.watch.turn()
    assert (process.version, said(machine).serving) == ("v1", "")

    process.watch.turn()
    assert said(machine).serving == first.id


def test_who_can_not_follow_the_others_ends_rather_than_answer_by_the_old_policy(process, machine, offer):
    machine.serve(offer(1))
    process.watch.turn()
    machine.serve(offer(2, golden=with_other_answers(BUILT)))
    process.watch.turn()

    assert process.stopped == 1


def test_a_process_without_a_model_tries_again_more_and_more_slowly(process, machine, offer, monkeypatch):
    tries, now = [], [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    machine.serve(offer(1, golden=with_other_answers(BUILT)))
    switch = process.current.switch
    monkeypatch.setattr(process.current, "switch", lambda serving: (tries.append(now[0]), switch(serving)))
    while now[0] < 103:
        process.watch.turn()
        now[0] += 0.05

    gaps = [later - sooner for sooner, later in pairwise(tries)]
    assert len(gaps) >= 3
    assert gaps == sorted(gaps)
    assert process.stopped == 0


def test_whatever_fails_the_next_turn_comes(process, machine, offer):
    (machine.root / "cache").mkdir(parents=True, exist_ok=True)
    (machine.root / "cache" / "serving.json").write_text("{")
    process.watch.turn()
    machine.serve(offer(1))
    process.watch.turn()

    assert process.version == "v1"


def test_a_process_that_ends_is_not_waited_for(process, machine):
    process.stopping = True
    process.watch._run()

    assert living(machine.web) == []
