import sys

import msgspec
import pytest

from drift_jobs import child
from drift_jobs.child import ChildJudge, NightFailedError
from lifecycle import clock
from lifecycle.claims import ClaimEndedError, take
from tests.nights import NIGHT
from tests.simulated_store import SimulatedArea

PROGRAM = "import os, sys, time; code, text, wait = sys.argv[1:4]; time.sleep(float(wait)); text and open(sys.argv[-1], 'w').write(text); sys.exit(int(code))"


@pytest.fixture
def claim():
    return take(SimulatedArea(clock.now), NIGHT.isoformat(), 60.0)


def run(monkeypatch, claim, code=0, text="", wait=0.0, beat_s=60.0):
    """The child is any program that takes the path last."""
    real = child.subprocess.Popen
    command = [sys.executable, "-c", PROGRAM, str(code), text, str(wait)]
    monkeypatch.setattr(child.subprocess, "Popen", lambda given, env: real([*command, given[-1]], env=env))
    return ChildJudge({}, beat_s)(NIGHT, claim)


def test_the_childs_document_is_the_report(monkeypatch, claim):
    assert run(monkeypatch, claim, text='{"night": "2013-08-01"}') == {"night": "2013-08-01"}


def test_what_the_child_could_not_do_is_told_with_the_way_out(monkeypatch, claim):
    told = msgspec.json.encode({"message": "No champion.", "fix": "Promote one."}).decode()

    with pytest.raises(NightFailedError, match="No champion"):
        run(monkeypatch, claim, code=3, text=told)


def test_a_crash_is_a_failed_night(monkeypatch, claim):
    with pytest.raises(NightFailedError, match="code 7"):
        run(monkeypatch, claim, code=7)


def test_the_heart_beats_while_it_works(monkeypatch, claim):
    run(monkeypatch, claim, text="{}", wait=0.5, beat_s=0.1)

    assert sum("beat-" in key for key in claim.store.list(claim.folder)) >= 2


def test_a_child_whose_night_was_taken_over_is_ended(monkeypatch, claim):
    claim.store.create(f"{NIGHT.isoformat()}/claim-2/claim.json", b"{}")
    started = clock.monotonic()

    with pytest.raises(ClaimEndedError):
        run(monkeypatch, claim, wait=30, beat_s=0.1)
    assert clock.monotonic() - started < 10
