"""A snooze is quiet until it is over, and broken by anything worse."""

from datetime import date, timedelta

import pytest

from drift_jobs.mail.conditions import conditions_of
from drift_jobs.mail.snoozes import Snooze, Snoozes, check_snoozable, heard
from lifecycle.errors import PicklefleetError
from tests.report_builders import report, shifted
from tests.simulated_store import SimulatedArea

SINCE, UNTIL = date(2013, 8, 1), date(2013, 8, 15)


def snooze(**changes):
    given = {
        "condition": "delay", "since": SINCE, "until": UNTIL, "severity": "drift", "effect": 0.3, "by": "me",
        "reason": "season", "at": "2013-08-02T09:00:00.000Z",
    }  # fmt: skip
    return Snooze(**(given | changes))


def listen(finding, night=date(2013, 8, 5), **changes):
    return heard(conditions_of(report(finding)), {"delay": snooze(**changes)}, night)


def test_what_is_snoozed_is_quiet():
    found = listen(shifted("delay"))

    assert not found.loud
    assert [one.name for one, _ in found.quiet] == ["delay"]


def test_other_columns_stay_loud():
    assert [one.name for one in listen(shifted("origin")).loud] == ["origin"]


@pytest.mark.parametrize("night", [date(2013, 7, 31), UNTIL])
def test_before_and_after_it_is_loud(night):
    assert listen(shifted("delay"), night).loud


@pytest.mark.parametrize(("days", "quiet"), [(89, 1), (90, 0)])
def test_none_is_believed_for_more_than_90_days(days, quiet):
    """An entry that nobody's command wrote: until the end of time, of something as bad as can be."""
    forged = {"until": date.max, "severity": "severe", "effect": 1e9}

    found = listen(shifted("delay"), SINCE + timedelta(days=days), **forged)

    assert len(found.quiet) == quiet


@pytest.mark.parametrize(("severity", "psi"), [("severe", 0.6), ("drift", 0.46)])
def test_what_gets_worse_breaks_it(severity, psi):
    found = listen(shifted("delay", severity, psi))

    assert found.loud
    assert [one.name for one, _ in found.broken] == ["delay"]


@pytest.mark.parametrize(("severity", "psi"), [("drift", 0.44), ("watch", 0.15)])
def test_a_little_more_or_less_does_not_break_it(severity, psi):
    assert listen(shifted("delay", severity, psi)).quiet


def test_severe_is_never_quiet():
    (severe,) = conditions_of(report(shifted("delay", "severe", 0.9)))
    with pytest.raises(PicklefleetError, match="severe mails always go"):
        check_snoozable(severe)

    assert listen(shifted("delay", "severe", 0.9), severity="severe", effect=5.0).loud


def test_the_journal_holds_the_latest_of_each():
    kept = Snoozes(SimulatedArea(lambda: None, lambda: None))
    kept.add(snooze())
    kept.add(snooze(condition="origin"))
    kept.add(snooze(until=SINCE, reason="taken back"))

    latest = kept.latest()
    assert latest.keys() == {"delay", "origin"}
    assert latest["delay"].reason == "taken back"
    assert not latest["delay"].holds_on(SINCE)
