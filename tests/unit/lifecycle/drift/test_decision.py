from datetime import date

from lifecycle.drift.decision import Night, decide
from lifecycle.drift.severity import Severity


def night(day, severity, *, bad=None):
    drifts = severity in {Severity.DRIFT, Severity.SEVERE}
    return Night(
        date(2013, 8, day), severity, drifts if bad is None else bad, (f"distance {severity.value}",)
    )


def test_a_night_that_is_not_bad_retrains_nothing():
    decision = decide([night(1, Severity.DRIFT), night(2, Severity.WATCH)])

    assert not decision.retrain
    assert decision.reason == "No retraining: the night is watch, not bad."


def test_one_bad_night_waits_for_a_second():
    decision = decide([night(1, Severity.OK), night(2, Severity.DRIFT)])

    assert not decision.retrain
    assert "a second in a row" in decision.reason


def test_two_bad_nights_in_a_row_retrain_with_their_evidence():
    decision = decide([night(1, Severity.DRIFT), night(2, Severity.DRIFT)])

    assert decision.retrain
    assert decision.nights == (date(2013, 8, 1), date(2013, 8, 2))
    assert decision.evidence == ("2013-08-01: distance drift", "2013-08-02: distance drift")


def test_a_good_night_between_two_bad_ones_breaks_the_row():
    assert not decide([night(1, Severity.DRIFT), night(2, Severity.OK), night(3, Severity.DRIFT)]).retrain


def test_a_night_without_data_between_two_bad_ones_does_not():
    nights = [night(1, Severity.DRIFT), night(2, Severity.NO_DATA), night(3, Severity.DRIFT)]

    assert decide(nights).retrain


def test_a_night_without_data_decides_nothing_itself():
    nights = [night(1, Severity.DRIFT), night(2, Severity.DRIFT), night(3, Severity.NO_DATA)]

    assert decide(nights).reason == "No retraining: this night could not be judged."
    assert not decide(nights).retrain


def test_one_severe_night_is_enough():
    decision = decide([night(1, Severity.SEVERE)])

    assert decision.retrain
    assert decision.reason == "Retraining: the night is severe."


def test_the_cooldown_is_seven_days_and_says_when_it_ends():
    held = decide([night(7, Severity.SEVERE)], last_retrain=date(2013, 8, 1))

    assert not held.retrain
    assert "the cooldown ends on 2013-08-08" in held.reason
    assert decide([night(8, Severity.SEVERE)], last_retrain=date(2013, 8, 1)).retrain


def test_only_one_retraining_is_in_flight():
    decision = decide([night(1, Severity.SEVERE)], in_flight=True)

    assert not decision.retrain
    assert "in flight" in decision.reason
