"""Retraining on bad data, bad luck and bad will: no worse model is ever blessed, the champion is never touched.

Every case gets its own copy of one registered champion. What a challenger is worth is measured on fresh rows with
what is true of them, which no code under test ever sees. The twin blesses whatever was fitted.
"""

import os
import pickle
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
from sklearn.metrics import roc_auc_score

from lifecycle.drift.decision import COOLDOWN
from lifecycle.errors import PicklefleetError
from lifecycle.prediction import mint, row_id
from lifecycle.prediction_log.records import Feedback
from lifecycle.rollout_request import asked_rollouts
from retrain.registering import Outcome
from retrain.requesting import request_by_person
from retrain.run import Choices, begun
from retrain.working import Wish, work_on
from tests.prove.retrain_recipes import (
    CONSTANT,
    CRASHING,
    ENDLESS,
    GREEDY,
    LEAKING,
    OTHER_LABELS,
    SLOW,
    UNLISTED,
)
from tests.record_builders import FLEET_KEY, recorder
from tests.retrain_world import A_DAY, AS_OF, LIMITS, START, World, drift_request, make_champion, table

WORSE = 0.02  # of ROC AUC on fresh rows: far less than what a poisoned model loses
AUTO = replace(LIMITS, approval="auto")


def adversarial_retrains(folder, count, seed):
    made = folder / "champion"
    made.mkdir(parents=True)
    make_champion(made)
    results = [_case(made, folder / name, name, CASES[name], seed) for name in list(CASES)[:count]]
    return {
        "figure": {
            "cases": len(results),
            "results": dict(Counter(one["result"] for one in results)),
            "worse_blessed": sum(one["worse_blessed"] for one in results),
            "worst_blessed_change_of_auc": min(
                (one["change"] for one in results if one["blessed"]), default=None
            ),
            "champions_changed": sum(one["champion_changed"] for one in results),
            "most_fits_in_a_cooldown": max(one["fits_in_a_cooldown"] for one in results),
            "rollouts_of_the_unblessed": sum(one["wrong_rollouts"] for one in results),
            "not_as_expected": [one["name"] for one in results if not one["as_expected"]],
            "by_case": {one["name"]: one["told"] for one in results},
        },
        "negative_control": _twin(made, folder / "twin"),
    }


def passed(result):
    figure, twin = result["figure"], result["negative_control"]
    sound = not (
        figure["worse_blessed"]
        or figure["champions_changed"]
        or figure["rollouts_of_the_unblessed"]
        or figure["not_as_expected"]
    )
    return sound and figure["most_fits_in_a_cooldown"] == 1 and twin["worse_blessed"] == 1


def _case(champion, folder, name, case, seed):
    world = World(shutil.copytree(champion, folder))
    prepare, expected = case
    before = world.bundle_bytes(world.champion().digest)
    started = time.monotonic()
    outcome = prepare(world)
    place = world.place()
    entry = place.registry.versions()[-1]
    challenger = entry if entry.version != "v1" else None
    blessed = outcome is not None and outcome.result == "blessed"
    change = _change_of_auc(world, challenger, seed) if challenger else None
    rollouts = asked_rollouts(place.queue.control)
    result = "open" if outcome is None else outcome.result
    sys.stdout.write(f"  {name}: {result} in {time.monotonic() - started:.0f} s\n")
    sys.stdout.flush()
    found = {
        "name": name,
        "result": result,
        "told": result if outcome is None else f"{result}: {outcome.sentence}"[:300],
        "as_expected": result in expected.split(" or "),
        "blessed": blessed,
        "change": change,
        "worse_blessed": bool(blessed and change < -WORSE),
        "champion_changed": before != {key: place.registry.objects.get(key) for key in before},
        "fits_in_a_cooldown": _fits_in_a_cooldown(place.queue.fits()),
        "wrong_rollouts": sum(1 for one in rollouts if not blessed or one.version != challenger.version),
    }
    shutil.rmtree(folder)
    return found


def _fits_in_a_cooldown(fits):
    return max((sum(1 for other in fits if one <= other < one + COOLDOWN) for one in fits), default=0)


def _change_of_auc(world, entry, seed):
    objects = world.place().registry.objects
    challenger = pickle.loads(objects.get(f"bundles/{entry.digest}/model.pkl"))
    return _auc(challenger, seed) - _auc(world.champion().estimator, seed)


def _auc(estimator, seed):
    """On rows like those that were served, and on rows like those of the reference: the worse of the two counts."""
    found = []
    for shift in (0.0, 0.5):
        rows, truth = table(20_000, seed + 1, shift=shift)
        found.append(roc_auc_score(truth == "late", estimator.predict_proba(rows)[:, 0]))
    return min(found)


def _twin(champion, folder):
    """Labels are the wrong way round, and whatever was fitted is blessed."""
    world = World(shutil.copytree(champion, folder))
    world.serve_days(shift=0.0, told=flipped(1.0))
    place = world.place()
    place.queue.add(drift_request())
    with begun(place, drift_request(), Choices(AS_OF)) as work:
        work.gathered()
        work.fitted()
        estimator = pickle.loads((work.challenger / "model.pkl").read_bytes())
    change = _auc(estimator, 0) - _auc(world.champion().estimator, 0)
    return {"change_of_auc": change, "worse_blessed": int(change < -WORSE)}


# ------------------------------------------------------------------ how labels go wrong
def flipped(share, seed=7):
    def told(labels):
        wrong = np.random.default_rng(seed).random(len(labels)) < share
        return [
            ("on time" if label == "late" else "late") if bad else label
            for label, bad in zip(labels, wrong, strict=True)
        ]

    return told


def always(label):
    return lambda labels: [label] * len(labels)


def some(share):
    return lambda labels: [label if row < share * len(labels) else None for row, label in enumerate(labels)]


# ------------------------------------------------------------------ what happens to a world
def served(limits=AUTO, **more):
    def prepare(world):
        world.serve_days(**more)
        return run(world, limits)

    return prepare


def run(world, limits=AUTO, *, now=AS_OF, request=None):
    """None where it has to wait or broke off: the request is still open then."""
    place = world.place(limits, now=lambda: now)
    place.queue.add(request or drift_request())
    try:
        return work_on(place, None, Wish()).outcome
    except PicklefleetError:
        return None


def nothing_served(world):
    return run(world)


def told_twice(second):
    """Every row gets its true value, then another one."""

    def prepare(world):
        model, writing = world.champion(), recorder(world.folder / "spool")
        for day in range(12):
            for told, after in ((lambda labels: labels, 20), (second, 22)):
                world.serve_again(writing, model, day, told, timedelta(hours=after))
        writing.close()
        world.ship()
        return run(world)

    return prepare


def flooded(times, share):
    """An honest key, and one that tells `times` as much, wrongly."""

    def prepare(world):
        model, writing = world.champion(), recorder(world.folder / "spool")
        for day in range(12):
            at = START + timedelta(days=day, hours=12)
            world.serve(writing, model, at, seed=100 + day, owner="honest")
            world.serve(
                writing, model, at + timedelta(hours=1), seed=500 + day, owner="flood",
                rows=A_DAY * times, told=flipped(share),
            )  # fmt: skip
        writing.close()
        world.ship()
        return run(world)

    return prepare


def unknown_ids(world):
    """True values for predictions that this fleet never made."""
    world.serve_days(told=lambda labels: None)
    writing = recorder(world.folder / "spool")
    for day in range(12):
        at_ms = int((START + timedelta(days=day)).timestamp() * 1000)
        base = mint(FLEET_KEY, 2000, unix_ms=at_ms)
        ids = [row_id(base, row) for row in range(2000)]
        writing.feedback(
            Feedback(
                prediction_ids=ids, actuals=["late"] * 2000, observed_ms=[None] * 2000, received_ms=at_ms + 3_600_000
            )
        )  # fmt: skip
    writing.close()
    world.ship()
    return run(world)


def asked_again_and_again(world):
    """Ten requests on ten days: the first is trained, the others wait or are refused."""
    world.serve_days()
    outcome = run(world)
    for day in range(1, 7):
        place = world.place(AUTO, now=lambda day=day: AS_OF + timedelta(days=day))
        try:
            request_by_person(place, "again")
        except PicklefleetError:
            place.queue.add(drift_request(AS_OF.date() + timedelta(days=day)))
        try:
            work_on(place, None, Wish())
        except PicklefleetError:
            continue
    return outcome


def with_recipe(text, **limits):
    def prepare(world):
        recipe = world.folder / "recipe.py"
        recipe.write_text(text)
        world.serve_days()
        return run(world, replace(AUTO, recipe=recipe, **limits))

    return prepare


# ------------------------------------------------------------------ real processes: kills and full disks
def killed(seconds, *, times=1):
    """kill -9 of the whole command while it fits; it goes on at the next start and fits once more."""

    def prepare(world):
        world.serve_days()
        place = world.place()
        place.queue.add(drift_request())
        recipe = world.folder / "recipe.py"
        recipe.write_text(SLOW)
        for _ in range(times):
            running = _command(world, "run", "--recipe", str(recipe))
            if seconds is None:
                _until(lambda: place.queue.recorded(drift_request().id, "fit-begun"))
                time.sleep(1.0)
            else:
                time.sleep(seconds)
            running.send_signal(signal.SIGKILL)
            running.wait()
        finished = _command(world, "run", "--recipe", str(recipe))
        finished.wait()
        return _answer(place)

    return prepare


def disk_full(limit_bytes):
    """No file may grow beyond so much: as a full disk, every write ends in an error. Then there is room again."""

    def prepare(world):
        world.serve_days()
        place = world.place()
        place.queue.add(drift_request())
        full = _command(world, "run", most_bytes=limit_bytes)
        if full.wait() == 0 or place.queue.answer(drift_request().id) is not None:
            return None
        _command(world, "run").wait()
        return _answer(place)

    return prepare


def two_at_once(world):
    world.serve_days()
    place = world.place()
    place.queue.add(drift_request())
    both = [_command(world, "run") for _ in range(2)]
    codes = sorted(one.wait() for one in both)
    return _answer(place) if codes == [0, 75] and len(place.registry.versions()) == 2 else None


def _command(world, *arguments, most_bytes=None):
    limited = (
        None if most_bytes is None else (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes,) * 2))
    )
    variables = {f"PICKLEFLEET_{name}": str(value) for name, value in world.variables.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "retrain", *arguments],
        env=os.environ | variables | {"PICKLEFLEET_RETRAIN_APPROVAL": "auto"},
        preexec_fn=limited,  # noqa: PLW1509 - this test program has no threads
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _answer(place):
    """As `work_on` tells it; None while the request is open."""
    found = place.queue.answer(drift_request().id)
    return None if found is None else Outcome(drift_request().id, found.result, found.outcome, found.version)


def _until(look):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if look():
            return
        time.sleep(0.1)
    raise AssertionError("it never came to be")


def upper(frame):
    return frame.assign(origin=frame["origin"].str.lower())


# name → (what happens, what may come of it); the first ten are what CI runs
CASES = {
    "flipped-labels": (served(shift=0.0, told=flipped(1.0)), "stopped"),
    "no-labels": (served(told=lambda labels: None), "stopped"),
    "late-labels": (served(after=timedelta(days=40)), "stopped"),
    "told-twice-differently": (told_twice(flipped(1.0)), "stopped"),
    "one-key-floods": (flooded(5, 1.0), "stopped or not-blessed or blessed"),
    "killed-mid-fit": (killed(None), "blessed"),
    "disk-full": (disk_full(20_000), "blessed"),
    "column-all-missing": (served(change=lambda frame: frame.assign(delay=np.nan)), "stopped"),
    "unknown-predictions": (unknown_ids, "stopped"),
    "asked-again-and-again": (asked_again_and_again, "blessed"),
    "half-flipped": (served(told=flipped(0.5)), "stopped or not-blessed"),
    "a-third-flipped": (served(told=flipped(0.35)), "stopped or not-blessed or blessed"),
    "a-tenth-flipped": (served(told=flipped(0.1)), "stopped or not-blessed or blessed"),
    "flipped-and-shifted": (served(shift=1.0, told=flipped(1.0)), "stopped"),
    "all-late": (served(told=always("late")), "stopped"),
    "all-on-time": (served(told=always("on time")), "stopped"),
    "labels-by-coin": (served(told=flipped(0.5, 3)), "stopped or not-blessed"),
    "nothing-served": (nothing_served, "stopped"),
    "one-day-served": (served(days=1), "stopped"),
    "few-labels": (served(told=some(0.02)), "stopped"),
    "selected-labels": (served(told=some(0.6)), "stopped or not-blessed or blessed"),
    "labels-of-other-words": (served(told=always("LATE!")), "stopped"),
    "very-late-labels": (served(after=timedelta(days=400)), "stopped"),
    "told-twice-the-same": (told_twice(lambda labels: labels), "not-blessed or blessed"),
    "half-told-twice-differently": (told_twice(flipped(0.5)), "stopped or not-blessed or blessed"),
    "one-key-floods-a-little": (flooded(2, 1.0), "stopped or not-blessed or blessed"),
    "one-key-floods-with-noise": (flooded(5, 0.5), "stopped or not-blessed or blessed"),
    "killed-early": (killed(0.8, times=3), "blessed"),
    "killed-three-times": (killed(None, times=3), "blessed"),
    "disk-full-of-rows": (disk_full(2_000), "blessed"),
    "two-at-once": (two_at_once, "blessed"),
    "column-in-kilometres": (
        served(change=lambda frame: frame.assign(seats=(frame["seats"] * 3.28084).astype(int))),
        "stopped",
    ),
    "column-constant": (served(change=lambda frame: frame.assign(seats=100)), "stopped"),
    "column-written-otherwise": (served(change=upper), "stopped"),
    "recipe-that-knows-nothing": (with_recipe(CONSTANT), "not-blessed"),
    "recipe-that-crashes": (with_recipe(CRASHING), "stopped"),
    "recipe-without-an-end": (with_recipe(ENDLESS, wall_s=90.0), "stopped"),
    "recipe-that-takes-all-memory": (with_recipe(GREEDY, memory_bytes=3 << 30), "stopped"),
    "recipe-with-other-labels": (with_recipe(OTHER_LABELS), "stopped"),
    "recipe-of-a-class-nobody-knows": (with_recipe(UNLISTED), "stopped"),
    "recipe-that-learns-noise": (with_recipe(LEAKING), "not-blessed"),
}
