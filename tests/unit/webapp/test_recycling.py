"""One by one, whoever acts, and whatever happens between: in the end every process shares what is served."""

import random
import signal

import pytest

from lifecycle import clock
from lifecycle.web_processes import Presence, WebProcess
from webapp.recycling import Recycling, next_step

NOW, DIGESTS = "policy 2", frozenset({"b"})


def stale(age, serving=NOW):
    return WebProcess(age, age=age, serving=serving, inherited=("a",))


def fresh(age, serving=NOW):
    return WebProcess(age, age=age, serving=serving, inherited=("a", "b"))


@pytest.mark.parametrize(
    ("processes", "step"),
    [
        ([fresh(1), fresh(2)], "done"),
        ([stale(1), stale(2)], "grow"),
        ([stale(1), fresh(2)], "grow"),
        ([stale(1), stale(2), fresh(3)], "shrink"),
        ([stale(1), stale(2), fresh(3, serving="")], "wait"),
        ([stale(2)], "wait"),
        ([fresh(2), fresh(3), fresh(4)], "shrink"),
    ],
)
def test_the_next_step_follows_from_who_lives(processes, step):
    assert next_step(processes, 2, NOW, DIGESTS) == step


class Gunicorn:
    """A parent and its children as presences in a folder; signals are obeyed some turns later."""

    def __init__(self, folder, workers):
        self.folder, self.age, self.wanted, self.pending = folder, 0, workers, []
        self.children = {}
        for _ in range(workers):
            self.fork(inherited=("a",))

    def fork(self, inherited=("b",)):
        self.age += 1
        said = WebProcess(self.age, "parent", self.age, serving=NOW, inherited=inherited)
        recycling = Recycling(
            self.folder, "parent", 2, 0.5, lambda: (NOW, DIGESTS), signal_parent=self.pending.append
        )
        self.children[self.age] = (Presence.enter(self.folder, said), recycling)

    def kill(self, age):
        presence, recycling = self.children.pop(age)
        presence.leave()
        recycling.leave()

    def turn(self):
        if self.pending:
            self.wanted += 1 if self.pending.pop(0) == signal.SIGTTIN else -1
        if len(self.children) < self.wanted:
            self.fork()
        elif len(self.children) > self.wanted:
            self.kill(min(self.children))
        for _, recycling in list(self.children.values()):
            recycling.turn()


@pytest.mark.parametrize("seed", range(5))
def test_all_processes_are_replaced_one_by_one_even_if_some_die_meanwhile(tmp_path, monkeypatch, seed):
    dice, now, living = random.Random(seed), [0.0], []  # noqa: S311 - the dice of a simulation
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    gunicorn = Gunicorn(tmp_path, 2)
    for turn in range(400):
        gunicorn.turn()
        living.append(len(gunicorn.children))
        now[0] += 1.0
        if turn < 40 and dice.random() < 0.15 and len(gunicorn.children) > 1:
            gunicorn.kill(dice.choice(list(gunicorn.children)))

    assert [presence.said.inherited for presence, _ in gunicorn.children.values()] == [("b",)] * 2
    assert gunicorn.wanted == 2
    assert min(living) >= 1
    for age in list(gunicorn.children):
        gunicorn.kill(age)


def test_nothing_is_recycled_before_the_policy_is_steady(tmp_path, monkeypatch):
    now, serving = [0.0], ["policy 1"]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    asked = []
    presence = Presence.enter(tmp_path, stale(1))
    recycling = Recycling(tmp_path, "", 1, 60.0, lambda: (serving[0], DIGESTS), signal_parent=asked.append)
    for _ in range(5):
        recycling.turn()
        now[0] += 30
        serving[0] = f"policy {now[0]}"
    assert asked == []

    serving[0] = NOW
    for _ in range(4):
        recycling.turn()
        now[0] += 30
    assert asked == [signal.SIGTTIN]
    presence.leave()
    recycling.leave()


def test_the_children_of_another_parent_are_its_own_affair(tmp_path):
    other = Presence.enter(tmp_path, WebProcess(9, "other", serving=NOW, inherited=("a",)))
    mine = Presence.enter(tmp_path, WebProcess(1, "parent", serving=NOW, inherited=("b",)))
    asked = []
    recycling = Recycling(tmp_path, "parent", 1, 0.0, lambda: (NOW, DIGESTS), signal_parent=asked.append)

    recycling.turn()

    assert asked == []
    for presence in (other, mine):
        presence.leave()
    recycling.leave()
