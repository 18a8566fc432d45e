"""What may be done next with a letter, from what was tried: later rather than never, and at most once more."""

from datetime import UTC, datetime, timedelta

import pytest

from drift_jobs.mail.attempts import Attempt, standing
from drift_jobs.mail.smtp import Delivery

QUEUED = datetime(2013, 8, 2, 2, 0, tzinfo=UTC)
TO = ("a@example.org", "b@example.org")


def at(minutes):
    return QUEUED + timedelta(minutes=minutes)


def deferred(minutes):
    return Attempt(at(minutes), (), Delivery("deferred", (), {}, dict.fromkeys(TO, "451 later"), "451 later"))


def doubtful(minutes, to=TO):
    return Attempt(at(minutes), to, Delivery("in-doubt", to, {}, {}, "After DATA: closed"))


def killed(minutes):
    return Attempt(at(minutes), TO, None)


def look(*attempts, minutes=0.0, to=TO):
    return standing(attempts, to, QUEUED, at(minutes))


def test_a_fresh_letter_goes_to_everybody_at_once():
    assert (look().now, look().to) == ("send", TO)


def test_pauses_grow_to_an_hour_and_no_further():
    tried, pauses = [], []
    for _ in range(8):
        state = look(*tried, minutes=10_000 - 6_000)
        pauses.append((state.next_at - tried[-1].at) if tried else None)
        tried.append(deferred(0))

    assert [int(pause.total_seconds() // 60) for pause in pauses[1:]] == [1, 5, 10, 30, 60, 60, 60]


def test_it_waits_until_the_pause_is_over():
    assert look(deferred(0), minutes=0.9).now == "wait"
    assert look(deferred(0), minutes=1).now == "send"


def test_only_those_who_do_not_have_it_yet_get_it_again():
    partly = Delivery("sent", TO[:1], {}, {TO[1]: "450 full"})
    state = look(Attempt(at(0), TO, partly), minutes=2)

    assert (state.now, state.to, state.accepted) == ("send", TO[1:], TO[:1])


def test_who_is_refused_for_good_is_not_asked_again():
    partly = Delivery("sent", TO[:1], {TO[1]: "550 unknown"}, {})
    state = look(Attempt(at(0), TO, partly))

    assert (state.now, state.refused) == ("sent", {TO[1]: "550 unknown"})


def test_refused_by_all_is_failed_with_the_reason():
    refused = Delivery("refused", (), dict.fromkeys(TO, "550 no"), {}, "550 no")

    assert (look(Attempt(at(0), (), refused)).now, look(Attempt(at(0), (), refused)).reason) == (
        "failed",
        "550 no",
    )


@pytest.mark.parametrize("doubt", [doubtful, killed])
def test_a_line_that_broke_after_data_is_tried_once_more_and_never_twice(doubt):
    once = look(doubt(0), minutes=2)
    twice = look(doubt(0), doubt(2), minutes=60 * 24)

    assert (once.now, once.to) == ("send", TO)
    assert twice.now == "failed"
    assert "may have arrived" in twice.reason


def test_a_doubt_that_was_then_delivered_is_delivered():
    fine = Attempt(at(2), TO, Delivery("sent", TO))

    assert look(doubtful(0), fine).now == "sent"


def test_after_five_days_it_is_given_up():
    assert look(deferred(0), minutes=5 * 24 * 60).now == "send"
    late = look(deferred(0), minutes=5 * 24 * 60 + 1)

    assert (late.now, late.reason) == ("failed", "Given up after 5 days. 451 later")


def test_a_recipient_who_left_the_settings_is_no_longer_written_to():
    assert look(deferred(0), minutes=2, to=TO[:1]).to == TO[:1]


def test_one_who_came_into_the_settings_meanwhile_gets_what_waits():
    more = (*TO, "c@example.org")

    assert look(deferred(0), minutes=2, to=more).to == more
