"""The queue watched, and the commands that people use."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from lifecycle.errors import NotFoundError
from retrain.__main__ import retrain
from retrain.presentation import present_outcome, present_status
from retrain.requesting import request_by_person, request_by_schedule
from retrain.status import show_of, status_of
from retrain.stopped import TrainingStoppedError, TrainingWaitsError
from retrain.watching import once
from tests.fakes import RecordingMetrics
from tests.retrain_world import AS_OF, drift_request


@pytest.fixture
def place(fresh):
    return fresh.place()


def test_what_cannot_be_trained_is_answered_and_counted(place):
    place.queue.add(drift_request())
    metrics = RecordingMetrics()

    report = once(place, metrics)

    assert report.outcome.result == "stopped"
    assert metrics.counts == {"retrainings.stopped": 1}
    assert once(place, metrics) is None


def test_what_has_to_wait_stays_open(fresh):
    place = fresh.place()
    place.queue.add(drift_request())
    with place.alone():
        assert once(place, RecordingMetrics()) is None
    assert len(place.queue.open()) == 1


def test_the_schedule_asks_when_nobody_did_for_so_long(place):
    assert request_by_schedule(place, 0) is None
    assert request_by_schedule(place, 30).origin == "schedule"
    assert request_by_schedule(place, 30) is None


def test_a_person_asks_once_and_leaves_their_name(place):
    asked = request_by_person(place, "new airline")

    assert (asked.requested_by, asked.version, asked.reason) == ("tester", "v1", "new airline")
    with pytest.raises(TrainingWaitsError, match="open already"):
        request_by_person(place, "again")


def test_a_dry_request_asks_nothing(place):
    request_by_person(place, "maybe", dry_run=True)

    assert place.queue.requests() == []


def test_in_the_cooldown_nobody_may_ask(place):
    place.queue.add(drift_request())
    place.queue.record(drift_request().id, "fit-begun", {"as_of": (AS_OF - timedelta(days=1)).isoformat()})
    place.queue.finish(drift_request().id, "stopped")

    with pytest.raises(TrainingWaitsError, match="cooldown"):
        request_by_person(place, "again")


def test_status_tells_steps_answers_and_the_cooldown(compared):
    place = compared.place()
    told = "\n".join(present_status(status_of(place)))

    assert "open; done: gather, check, fit, compare" in told
    assert "No fit before 2013-04-22T00:00:00.000Z" in told
    assert "A person approves" in told


def test_show_tells_a_request_an_answer_or_what_there_is(place):
    with pytest.raises(NotFoundError, match="Nothing was asked"):
        show_of(place, None)
    place.queue.add(drift_request())
    assert "It is open." in show_of(place, None).text
    place.queue.finish(drift_request().id, "No labels.")
    assert "stopped: No labels." in show_of(place, drift_request().id).text
    with pytest.raises(NotFoundError, match="no retraining made it"):
        show_of(place, "v1")


def test_an_empty_queue_is_told():
    from retrain.working import Report

    assert "Nothing is asked for" in next(present_outcome(Report()))


@pytest.fixture
def command(fresh, monkeypatch):
    for name, value in fresh.variables.items():
        monkeypatch.setenv(f"PICKLEFLEET_{name}", str(value))
    return lambda *arguments: CliRunner().invoke(retrain, arguments)


def test_the_commands_speak_json_and_end_with_their_codes(command):
    asked = command("request", "--reason", "because", "--as-of", "2013-04-15", "--json")
    assert json.loads(asked.stdout)["origin"] == "person"
    assert command("request", "--reason", "again", "--as-of", "2013-04-15").exit_code == 75
    ran = command("run", "--as-of", "2013-04-15", "--json")
    assert ran.exit_code == 3
    assert json.loads(ran.stdout)["outcome"]["result"] == "stopped"
    assert json.loads(command("status", "--json").stdout)["requests"][0]["answer"]["result"] == "stopped"
    assert "Nothing is asked for" in command("run").stdout


def test_a_bad_time_is_told(command):
    assert "is no time" in command("request", "--reason", "x", "--as-of", "summer").output


def test_in_earnest_the_time_can_not_be_chosen(fresh):
    from dataclasses import replace

    place = fresh.place(replace(fresh.place().limits, replay=False))

    with pytest.raises(TrainingStoppedError, match="REPLAY"):
        request_by_person(place, "x", AS_OF)
