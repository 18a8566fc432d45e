import re

import pytest

from lifecycle.gate.blocks import Block, Share
from lifecycle.gate.judge import Demands, judge, score_limit
from lifecycle.measurements.cell import Cell
from lifecycle.verdict import Outcome
from tests.evidence_builders import cell, evidence

EVERYTHING = Demands(min_requests=100)


def finding(judgement, signal):
    return next(one for one in judgement.findings if one.figures.signal == signal)


def reasons(judgement):
    return " ".join(judgement.verdict.reasons)


def test_an_identical_challenger_passes_with_a_bound_below_every_margin():
    judged = judge(evidence(cell(100), cell(300)), EVERYTHING)

    assert judged.verdict.outcome is Outcome.PASSED
    assert all(one.figures.high <= one.figures.margin for one in judged.findings)
    assert judged.requests == 2000


def test_a_challenger_that_fails_more_often_has_failed():
    judged = judge(evidence(cell(100, failed=4), cell(300, failed=3)), EVERYTHING)

    assert judged.verdict.outcome is Outcome.FAILED
    assert "Failed requests 4.00% against 1.00%" in reasons(judged)


def in_an_open_minute(challenger, champion, minutes=0):
    """Nothing else is known but so many minutes in which nobody failed."""
    shares = (Share(n, failed) for n, failed in (challenger, champion))
    return judge(
        evidence(cell(100), cell(300), minutes=minutes, opened=(Block(minutes, *shares),)), EVERYTHING
    )


@pytest.mark.parametrize(("requests", "minutes"), [(30, 0), (40, 20), (60, 120)])
def test_a_challenger_that_always_fails_does_not_do_so_until_the_minute_ends(requests, minutes):
    judged = in_an_open_minute((requests, requests), (50 * requests, 0), minutes)

    assert judged.verdict.outcome is Outcome.FAILED
    assert "Failed requests" in reasons(judged)


@pytest.mark.parametrize("failed", [0, 5, 12])
def test_some_failures_of_an_open_minute_wait_for_its_end(failed):
    assert in_an_open_minute((30, failed), (1500, 0), 20).verdict.outcome is not Outcome.FAILED


def test_a_minute_in_which_both_fail_takes_nobody_back():
    assert in_an_open_minute((60, 60), (3000, 3000)).verdict.outcome is not Outcome.FAILED


def test_as_many_failures_as_the_champion_are_none_of_its_own():
    judged = judge(evidence(cell(100, failed=4), cell(300, failed=12), minutes=200), EVERYTHING)

    assert finding(judged, "errors").outcome is Outcome.PASSED


def test_a_slow_challenger_has_failed_against_the_same_minutes():
    """Every minute is slower than the one before, for both: only the difference within a minute counts."""
    judged = judge(
        evidence(
            lambda minute: cell(100, bucket=10 + minute, slow=30),
            lambda minute: cell(300, bucket=10 + minute, slow=9),
        ),
        EVERYTHING,
    )

    assert judged.verdict.outcome is Outcome.FAILED
    assert "30.00% against" in reasons(judged)


def test_slow_minutes_with_more_of_the_challenger_do_not_count_against_it():
    """At a larger share the service happens to be slower and to fail more: pooled over minutes it would look bad."""
    judged = judge(
        evidence(
            lambda minute: cell(
                10 if minute < 10 else 500, failed=0 if minute < 10 else 25, bucket=20 + (minute >= 10) * 8
            ),
            lambda minute: cell(
                990 if minute < 10 else 500, failed=0 if minute < 10 else 25, bucket=20 + (minute >= 10) * 8
            ),
            minutes=60,
        ),
        EVERYTHING,
    )

    assert judged.verdict.outcome is not Outcome.FAILED
    assert finding(judged, "latency").outcome is Outcome.PASSED


def test_the_row_classes_are_not_compared_with_one_another():
    one = {"one": {20: 100}}
    many = {"many": {40: 100}}
    judged = judge(
        evidence(Cell(ok=200, latency=one | many), Cell(ok=200, latency=one | many)),
        Demands(("latency",), min_requests=0),
    )

    assert judged.verdict.outcome is Outcome.PASSED


def test_the_champions_own_sampling_is_no_fault_of_the_challenger():
    """Of five requests of the champion the largest is its 95th percentile: a sixth of all others lies above it."""
    judged = judge(
        evidence(lambda minute: cell(6, slow=1), cell(5), minutes=2000, share=0.5),
        Demands(("latency",), min_requests=0),
    )

    assert judged.verdict.outcome is not Outcome.FAILED


def test_shifted_scores_have_failed_in_either_direction():
    for up, down in ((20, 80), (80, 20)):
        judged = judge(evidence(cell(100, scores=[up, down]), cell(300, scores=[150, 150])), EVERYTHING)

        assert judged.verdict.outcome is Outcome.FAILED
        assert "Scores differ by D = 0.300" in reasons(judged)


def test_a_good_retrain_may_shift_scores_as_much_as_its_comparison_said():
    shifted = evidence(cell(100, scores=[70, 30]), cell(300, scores=[150, 150]))
    known = Demands(("score",), min_requests=0, margins={"score": score_limit(0.2)})

    assert judge(shifted, known).verdict.outcome is Outcome.PASSED
    assert judge(shifted, Demands(("score",), min_requests=0)).verdict.outcome is Outcome.FAILED


@pytest.mark.parametrize(("recorded", "limit"), [(None, 0.10), (0.02, 0.10), (0.2, 0.4)])
def test_the_limit_of_scores_is_twice_what_was_recorded_and_never_below_a_tenth(recorded, limit):
    assert score_limit(recorded) == limit


def test_scores_in_other_bins_are_not_compared():
    judged = judge(
        evidence(Cell(ok=100, scores={"mine/y0": [50, 50]}), Cell(ok=100, scores={"yours/y0": [90, 10]})),
        Demands(("score",), min_requests=0),
    )

    assert judged.verdict.outcome is Outcome.INCONCLUSIVE


def test_too_few_requests_are_inconclusive_and_it_says_how_many_more():
    judged = judge(evidence(cell(10), cell(30), minutes=3), Demands(min_requests=500))

    assert judged.verdict.outcome is Outcome.INCONCLUSIVE
    assert "30 requests of the challenger; 470 more are needed" in reasons(judged)
    assert judged.more >= 470


def test_as_many_more_as_it_asks_for_are_enough():
    few = judge(evidence(cell(10), cell(30), minutes=3), Demands(min_requests=0))
    asked = int(re.search(r"about ([\d,]+) more requests", reasons(few)).group(1).replace(",", ""))
    more = judge(evidence(cell(10), cell(30), minutes=3 + few.more // 10 + 1), Demands(min_requests=0))

    assert asked <= few.more
    assert more.verdict.outcome is Outcome.PASSED


def test_only_the_requests_of_this_step_count_for_its_minimum():
    judged = judge(evidence(cell(100), cell(300), steps=(0, 18)), Demands(min_requests=500))

    assert judged.requests == 200
    assert judged.verdict.outcome is Outcome.INCONCLUSIVE


def test_evidence_of_earlier_steps_is_not_forgotten():
    """The challenger failed at the step before: a new step does not start the sequence anew."""
    judged = judge(
        evidence(lambda minute: cell(100, failed=6 if minute < 10 else 0), cell(300), steps=(0, 10)),
        Demands(min_requests=100),
    )

    assert judged.verdict.outcome is Outcome.FAILED


def test_a_fault_that_shows_only_in_this_step_is_not_hidden_by_the_steps_before():
    """A thousand good minutes, then four bad ones: over all of them the difference is far below the margin."""
    judged = judge(
        evidence(
            lambda minute: cell(100, failed=10 if minute >= 1000 else 0),
            cell(300),
            minutes=1004,
            steps=(0, 500, 1000),
        ),
        Demands(min_requests=100),
    )

    assert judged.verdict.outcome is Outcome.FAILED


def test_a_step_that_looks_worse_than_those_before_it_is_not_passed_on_their_account():
    judged = judge(
        evidence(
            lambda minute: cell(100, failed=1 if minute >= 1000 else 0),
            cell(300),
            minutes=1002,
            steps=(0, 1000),
        ),
        Demands(("errors",), min_requests=100),
    )

    assert judged.verdict.outcome is Outcome.INCONCLUSIVE
    assert "in this step alone" in reasons(judged)


def test_what_looks_worse_but_may_be_chance_says_when_it_will_be_known():
    """An estimate from a few hundred requests, so within twice as many."""
    errors = Demands(("errors",), min_requests=0)
    judged = judge(evidence(cell(100, failed=3), cell(300, failed=3), minutes=4), errors)

    assert judged.verdict.outcome is Outcome.INCONCLUSIVE
    assert "may still be chance" in reasons(judged)
    enough = 4 + 2 * judged.more // 100
    longer = judge(evidence(cell(100, failed=3), cell(300, failed=3), minutes=enough), errors)
    assert longer.verdict.outcome is Outcome.FAILED


def test_a_silent_challenger_is_an_error_while_the_champion_is_asked():
    judged = judge(evidence(None, cell(300)), EVERYTHING)

    assert judged.verdict.outcome is Outcome.ERROR
    assert "for 5 minutes" in reasons(judged)


def test_a_share_too_small_to_be_seen_is_not_silent():
    judged = judge(evidence(None, cell(20), share=0.01), EVERYTHING)

    assert judged.verdict.outcome is Outcome.INCONCLUSIVE


def test_a_fleet_without_traffic_is_not_silent():
    judged = judge(evidence(None, None), EVERYTHING)

    assert judged.verdict.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("newest", [None, 3])
def test_missing_measurements_are_an_error(newest):
    judged = judge(evidence(cell(100), cell(300), newest=newest), EVERYTHING)

    assert judged.verdict.outcome is Outcome.ERROR
    assert "No machine has written measurements" in reasons(judged)


def test_a_step_that_has_just_begun_is_not_silent_yet():
    judged = judge(evidence(None, cell(300), steps=(0, 17), newest=None), EVERYTHING)

    assert judged.verdict.outcome is Outcome.INCONCLUSIVE


def test_one_silent_signal_is_enough():
    silent = Cell(ok=100, latency={"one": {20: 100}})
    judged = judge(evidence(silent, cell(300)), EVERYTHING)

    assert judged.verdict.outcome is Outcome.ERROR
    assert "score" in reasons(judged)


def test_a_failure_outranks_silence():
    silent = Cell(ok=50, failed=50, latency={"one": {20: 100}})

    assert judge(evidence(silent, cell(300)), EVERYTHING).verdict.outcome is Outcome.FAILED


SHADOW = Demands(("errors", "score", "disagreement"), min_requests=0, disagreement=0.02)


@pytest.mark.parametrize(("disagreed", "outcome"), [(6, Outcome.PASSED), (90, Outcome.INCONCLUSIVE)])
def test_a_shadow_that_disagrees_asks_for_a_person_and_never_fails(disagreed, outcome):
    shadow = cell(100, source="shadow", compared=100, disagreed=disagreed)

    assert judge(evidence(shadow, cell(100)), SHADOW).verdict.outcome is outcome


def test_labels_are_asked_for_only_where_the_plan_says_so():
    from lifecycle.gate.blocks import Block, Share

    wrong = tuple(Block(day, Share(500, 150), Share(1500, 300)) for day in range(5))
    labelled = evidence(cell(100), cell(300), labels=wrong)

    assert judge(labelled, EVERYTHING).verdict.outcome is Outcome.PASSED
    judged = judge(labelled, Demands(("errors", "labels"), min_requests=0))
    assert judged.verdict.outcome is Outcome.FAILED
    assert "Wrong answers 30.00% against 20.00%" in reasons(judged)
