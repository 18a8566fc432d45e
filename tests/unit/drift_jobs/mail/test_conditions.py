from drift_jobs.mail.conditions import conditions_of
from lifecycle.drift.severity import Severity
from tests.report_builders import broken, finding, performance, report, shifted


def shorts(*findings, **more):
    return [one.short for one in conditions_of(report(*findings, **more))]


def test_the_worst_comes_first_and_what_is_fine_is_no_condition():
    found = shorts(
        finding("calm"), shifted("a", "watch", 0.15), shifted("b", "severe", 0.9), shifted("c", "drift", 0.4)
    )

    assert found == ["b shifted, PSI 0.90", "c shifted, PSI 0.40", "a shifted, PSI 0.15"]


def test_performance_leads_among_the_severe():
    found = shorts(shifted("a", "severe", 3.0), performance=performance(0.61, bad=True))

    assert found == ["ROC AUC 0.610, was 0.700", "a shifted, PSI 3.00"]


def test_an_estimate_says_that_it_is_one():
    (short,) = shorts(performance=performance(0.61, bad=True, source="estimated"))

    assert short == "estimated ROC AUC 0.610, was 0.700"


def test_a_column_that_does_not_matter_to_the_model_is_watch_at_most():
    (one,) = conditions_of(report(shifted("a", "severe", 2.0, important=False)))

    assert one.severity is Severity.WATCH


def test_missing_data_is_told_as_such_and_before_the_shift_that_it_makes():
    (short,) = shorts(shifted("gust", psi=0.8, before=0.12, missing=0.63))

    assert short == "gust missing 12% → 63%"


def test_unseen_values_are_told_as_such():
    (short,) = shorts(shifted("carrier", psi=0.4, unseen=0.23))

    assert short == "carrier has 23% unseen values"


def test_a_shift_that_psi_does_not_see_is_told_by_its_distance():
    one = shifted("delay", "watch", psi=0.04)
    one["comparison"]["distance"] = 0.08

    assert shorts(one) == ["delay shifted, D 0.08"]


def test_a_column_that_can_not_be_compared_is_named():
    assert shorts(broken("delay")) == ["delay can't be compared"]
