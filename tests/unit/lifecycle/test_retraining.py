from dataclasses import replace
from datetime import date

import pytest

from lifecycle.errors import CorruptBundleError
from lifecycle.retraining import FIT_BEGUN, Answer, RetrainQueue, RetrainRequest

NIGHT = date(2013, 8, 1)


def request(night=NIGHT, version="v1"):
    return RetrainRequest(
        "flights", version, night, "Two bad nights.", (night,), ("temp drifts.",), "2013-08-02T02:00:00.000Z"
    )


@pytest.fixture
def queue(registry):
    return RetrainQueue(registry.control)


def test_a_request_comes_back_as_it_went(queue):
    assert queue.add(request())
    assert queue.requests() == [request()]


def test_the_same_night_asks_once(queue):
    queue.add(request())

    assert not queue.add(request())
    assert len(queue.requests()) == 1


def test_requests_come_by_night(queue):
    nights = [date(2013, 10, 1), date(2013, 8, 2), date(2013, 9, 1)]
    for night in nights:
        queue.add(request(night))

    assert [one.night for one in queue.requests()] == sorted(nights)


def test_an_answered_request_is_not_open_and_answered_once(queue):
    queue.add(request())
    queue.add(request(version="v2"))

    assert queue.finish(request().id, "registered v3")
    assert not queue.finish(request().id, "again")
    assert [one.version for one in queue.open()] == ["v2"]


def test_a_damaged_request_is_told(queue):
    queue.control.create("retraining/x/request.json", b"[]")

    with pytest.raises(CorruptBundleError, match="retraining/x"):
        queue.requests()


def test_a_person_may_ask_on_a_night_that_asked_as_well(queue):
    asked = replace(request(), origin="person", requested_by="somebody")

    assert queue.add(request())
    assert queue.add(asked)
    assert queue.requests() == [request(), asked]


def test_an_answer_tells_the_result_and_the_version(queue):
    queue.add(request())
    assert queue.answer(request().id) is None

    queue.finish(request().id, "v2 is better.", "blessed", "v2")

    assert queue.answer(request().id) == Answer("v2 is better.", "blessed", "v2")


def test_the_first_word_about_a_step_stands(queue):
    assert queue.record("one", "gather", {"rows": 1})
    assert not queue.record("one", "gather", {"rows": 2})

    assert queue.recorded("one", "gather") == {"rows": 1}
    assert queue.recorded("one", "split") is None
    assert queue.steps("one") == ["gather"]


def test_fits_are_known_by_their_times(queue):
    assert queue.fits() == []
    for night in (date(2013, 9, 1), NIGHT):
        queue.add(request(night))
        queue.record(request(night).id, FIT_BEGUN, {"as_of": f"{night}T02:00:00.000Z"})

    assert [fit.date() for fit in queue.fits()] == [NIGHT, date(2013, 9, 1)]
    assert [fit.date() for fit in queue.fits(but="2013-09-01-v1")] == [NIGHT]
