import json
from dataclasses import replace

import numpy as np
import pytest

from lifecycle.drift.judge import judge
from lifecycle.drift.severity import Severity
from lifecycle.performance.baseline import PerformanceVerdict
from lifecycle.profile.counts import Counts
from lifecycle.profile.profile import Profile, Variation, count
from lifecycle.reference.build import Reference, build_profile
from lifecycle.signature import Feature, Output, Signature

ROWS = 10_000
SIGNATURE = Signature(
    (
        Feature("temp", "number", "float64"),
        Feature("wind", "number", "float64"),
        Feature("carrier", "category", "object"),
    ),
    (Output("y0", "classification", ("no", "yes")),),
)


def draw(rows, seed, *, move=0.0, missing=0.0, carriers=("AA", "UA", "DL")):
    random = np.random.default_rng(seed)
    temp = random.normal(move, 1, rows)
    temp[random.random(rows) < missing] = np.nan
    columns = {
        "temp": temp,
        "wind": random.normal(size=rows),
        "carrier": random.choice(carriers, rows).tolist(),
    }
    return columns, {"y0:yes": random.beta(2, 5, rows)}


@pytest.fixture(scope="module")
def profile():
    columns, scores = draw(ROWS, seed=0)
    reference = Reference(columns, {"y0:yes": ("number", scores["y0:yes"])}, ROWS, None, np.ones(ROWS, bool))
    return build_profile(SIGNATURE, reference)


def night(profile, rows=1_000, seed=1, **changes):
    columns, scores = draw(rows, seed, **changes)
    return count(profile, columns, scores, rows)


def finding(report, name):
    return next(each for each in (*report.features, *report.scores) if each.name == name)


def test_a_night_like_the_reference_is_ok(profile):
    report = judge(profile, night(profile))

    assert (report.severity, report.bad, report.found) == (Severity.OK, False, ())
    assert report.tests == 8


def test_a_small_shift_is_watch_and_says_by_how_much(profile):
    report = judge(profile, night(profile, move=0.3))

    assert report.severity is Severity.WATCH
    assert not report.bad
    assert finding(report, "temp").reasons[0].startswith("D is 0.1")


def test_growing_shifts_are_drift_and_then_severe(profile):
    severities = [judge(profile, night(profile, move=move)).severity for move in (0.0, 0.3, 0.6, 1.2)]

    assert severities == [Severity.OK, Severity.WATCH, Severity.DRIFT, Severity.SEVERE]


def test_one_absurd_outlier_hides_nothing_and_makes_nothing(profile):
    for move in (0.0, 0.3, 0.6, 1.2):
        columns, scores = draw(1_000, seed=1, move=move)
        plain = judge(profile, count(profile, columns, scores, 1_000))
        columns["temp"][0] = 1e300

        outlying = judge(profile, count(profile, columns, scores, 1_000))

        assert outlying.severity is plain.severity


def test_ninety_percent_missing_values_are_drift_though_the_rest_looks_alike(profile):
    report = judge(profile, night(profile, missing=0.9))

    assert finding(report, "temp").severity is Severity.SEVERE
    assert any("missing values went from 0.0% to" in reason for reason in finding(report, "temp").reasons)


def test_a_column_that_is_all_missing_is_judged(profile):
    report = judge(profile, night(profile, missing=1.1))

    assert finding(report, "temp").severity is Severity.SEVERE
    assert finding(report, "temp").comparison.distance is None


def test_an_unseen_category_is_drift(profile):
    report = judge(profile, night(profile, carriers=("AA", "UA", "DL", "ZZ")))

    assert finding(report, "carrier").severity.rank >= Severity.DRIFT.rank
    assert any("unseen values went from 0.0% to 2" in reason for reason in finding(report, "carrier").reasons)


def test_drift_of_the_score_alone_makes_a_bad_night(profile):
    columns, scores = draw(1_000, seed=1)
    scores["y0:yes"] = np.sqrt(scores["y0:yes"])

    report = judge(profile, count(profile, columns, scores, 1_000))

    assert [each.name for each in report.found] == ["y0:yes"]
    assert report.bad


def test_what_is_not_important_never_sounds_the_alarm(profile):
    weighed = replace(profile, importances={"wind": 0.2} | {f"x{i}": 0.1 for i in range(9)} | {"temp": 0.0})

    report = judge(weighed, night(profile, move=1.2))

    assert finding(report, "temp").severity is Severity.SEVERE
    assert (report.severity, report.bad) == (Severity.WATCH, False)


def test_fewer_than_200_rows_are_no_data(profile):
    report = judge(profile, night(profile, rows=199, move=3.0))

    assert (report.severity, report.bad, report.features) == (Severity.NO_DATA, False, ())
    assert "199 rows are too few" in report.power


def test_no_rows_at_all_are_no_data(profile):
    assert judge(profile, count(profile, {}, {}, 0)).severity is Severity.NO_DATA


def test_a_broken_column_costs_only_itself(profile):
    columns, scores = draw(1_000, seed=1, move=0.3)
    columns["wind"] = ["calm"] * 1_000
    del columns["carrier"]

    report = judge(profile, count(profile, columns, scores, 1_000))

    assert finding(report, "wind").severity is Severity.NOT_COMPUTABLE
    assert finding(report, "wind").reasons == ("Its values can't be read: ValueError.",)
    assert finding(report, "carrier").reasons == ("The column is not in the data.",)
    assert finding(report, "temp").severity is Severity.WATCH


def test_a_night_with_a_column_that_nobody_could_judge_is_not_called_ok(profile):
    columns, scores = draw(1_000, seed=1)
    columns["wind"] = ["calm"] * 1_000

    assert judge(profile, count(profile, columns, scores, 1_000)).severity is Severity.NOT_COMPUTABLE


def test_a_feature_that_was_never_profiled_is_reported_with_its_reason(profile):
    without = replace(profile, unprofiled={"note": "Its privacy is drop: the log does not keep it."})

    note = finding(judge(without, night(profile)), "note")

    assert (note.severity, note.reasons[0][:18]) == (Severity.NOT_COMPUTABLE, "Its privacy is dro")


def test_normal_variation_widens_the_guards(profile):
    temp = replace(profile.features["temp"], variation=Variation(30, 0.3, 0.4, 0.0))
    varied = replace(profile, features={**profile.features, "temp": temp})
    counts = night(profile, move=0.6)

    assert finding(judge(profile, counts), "temp").severity is Severity.DRIFT
    assert finding(judge(varied, counts), "temp").severity is Severity.OK
    assert finding(judge(varied, counts), "temp").variation_known


def test_unknown_variation_is_said(profile):
    assert any(note.startswith("Normal variation unknown") for note in judge(profile, night(profile)).notes)


def test_beyond_both_references_is_sudden_and_beyond_training_only_is_not(profile):
    tonight = night(profile, move=0.6)

    sudden = judge(profile, tonight, trailing=night(profile, rows=4_000, seed=7))
    seasonal = judge(profile, tonight, trailing=night(profile, rows=4_000, seed=7, move=0.6))

    assert finding(sudden, "temp").course == "sudden"
    assert finding(seasonal, "temp").course == "gradual or seasonal"
    assert sudden.severity is seasonal.severity
    assert finding(sudden, "wind").course is None


def test_a_small_trailing_reference_names_nothing(profile):
    report = judge(profile, night(profile, move=0.6), trailing=night(profile, rows=999, seed=7))

    assert finding(report, "temp").course is None
    assert any("needs 1,000 rows" in note for note in report.notes)


def test_bad_performance_makes_any_night_severe(profile):
    verdict = PerformanceVerdict("roc_auc", "realised", bad=True, reason="It fell.")

    for rows in (1_000, 50):
        report = judge(profile, night(profile, rows=rows), performance=verdict)

        assert (report.severity, report.bad) == (Severity.SEVERE, True)


def test_a_report_is_json_as_it_stands(profile):
    document = judge(profile, night(profile, move=0.6, missing=1.1)).to_document()

    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["features"][0]["severity"] == "severe"
    assert document["format"] == 1


def test_what_was_found_comes_worst_first(profile):
    report = judge(profile, night(profile, move=0.3, carriers=("AA", "ZZ")))

    assert [each.name for each in report.found] == ["carrier", "temp"]


def test_a_constant_reference_notices_that_it_moved():
    columns = {"x": np.full(3_000, 7.0)}
    signature = Signature((Feature("x", "number", "float64"),), ())
    constant = build_profile(signature, Reference(columns, {}, 3_000))

    report = judge(constant, count(constant, {"x": np.full(500, 6.99)}, {}, 500))

    assert report.severity is Severity.SEVERE


def test_a_column_that_was_all_missing_in_the_reference_is_judged():
    signature = Signature((Feature("x", "number", "float64"),), ())
    empty = build_profile(signature, Reference({"x": [None] * 3_000}, {}, 3_000))

    assert judge(empty, count(empty, {"x": [None] * 500}, {}, 500)).severity is Severity.OK
    assert judge(empty, count(empty, {"x": [1.0] * 500}, {}, 500)).severity is Severity.SEVERE


def test_a_profile_of_nothing_judges_nothing():
    assert judge(Profile({}, {}), Counts(500, {}, {})).severity is Severity.NO_DATA


def test_rare_categories_that_the_reference_happened_to_miss_are_no_drift():
    """Hundreds of rare categories: every night brings strangers, and the reference foretold as many."""
    signature = Signature((Feature("tail", "category", "object"),), ())
    random = np.random.default_rng(3)
    tails = [f"t{min(900, int(number)):03}" for number in random.exponential(150, 2_000)]
    rare = build_profile(signature, Reference({"tail": tails}, {}, 2_000))
    fresh = [f"t{min(900, int(number)):03}" for number in random.exponential(150, 1_000)]
    strangers = [f"new{row}" if row % 4 == 0 else value for row, value in enumerate(fresh)]

    calm = judge(rare, count(rare, {"tail": fresh}, {}, 1_000))

    assert finding(calm, "tail").comparison.unseen > 0.02
    assert calm.severity is Severity.OK
    assert judge(rare, count(rare, {"tail": strangers}, {}, 1_000)).severity is Severity.DRIFT
