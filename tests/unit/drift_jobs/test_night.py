from datetime import timedelta

import pytest

from drift_jobs.night import Place, ensure_requested, judge_night
from lifecycle.errors import NotFoundError
from tests.nights import A_DAY, NIGHT, World

AS_IT_WAS = World()
MOVED = World(shift=1.5)


def column(report, name, version=0):
    drift = report["versions"][version]["drift"]
    return next(one for one in (*drift["features"], *drift["scores"]) if one["name"] == name)


def publish(place, report, night):
    return place.reports.publish(place.reports.claim(night, 60.0), report)


def test_a_night_like_the_reference_is_fine(place, served):
    served.serve(AS_IT_WAS)

    report = judge_night(place, NIGHT)

    assert (report["severity"], report["bad"], report["evidence"]) == ("ok", False, [])
    assert report["versions"][0]["rows"] == A_DAY
    assert column(report, "member")["severity"] == "ok", (
        "true, false and missing are read alike on both sides"
    )


def test_drift_is_found_where_it_is_and_nowhere_else(place, served):
    served.serve(MOVED)

    report = judge_night(place, NIGHT)

    assert report["bad"]
    assert column(report, "delay")["severity"] == "severe"
    assert column(report, "y:late")["severity"] == "severe"
    assert column(report, "origin")["severity"] == "ok"
    assert report["evidence"][0].startswith("delay is severe")
    assert sum(report["versions"][0]["bins"]["delay"]["current"]) == A_DAY


def test_a_new_category_is_unseen(place, served):
    served.serve(World(origins=("EWR", "JFK", "BOS")))

    origin = column(judge_night(place, NIGHT), "origin")

    assert origin["severity"] in {"drift", "severe"}
    assert origin["comparison"]["unseen"] > 0.2


def test_an_empty_night_has_the_whole_table(place):
    report = judge_night(place, NIGHT)

    assert (report["severity"], report["versions"][0]["rows"]) == ("no-data", 0)
    assert {column(report, name)["severity"] for name in ("delay", "origin", "member", "y:late")} == {
        "no-data"
    }


def test_a_night_of_few_rows_grows_backwards_until_it_has_enough(place, served):
    served.serve_days(World(rows=60), NIGHT, 6)

    version = judge_night(place, NIGHT)["versions"][0]

    assert (version["days"], version["rows"]) == (4, 240)


def test_other_peoples_rows_are_left_out(place, served):
    served.serve(AS_IT_WAS)
    for source in ("shadow", "smoke", "golden", "forced"):
        served.serve(MOVED, source=source)
    served.serve(MOVED, NIGHT + timedelta(days=1))
    served.serve(MOVED, NIGHT - timedelta(days=1))

    assert judge_night(place, NIGHT)["severity"] == "ok"


def test_the_trailing_weeks_name_what_has_been_so_for_a_while(place, served):
    for week in range(5):
        served.serve(World(rows=400, shift=1.5), NIGHT - timedelta(weeks=week))

    assert column(judge_night(place, NIGHT), "delay")["course"] == "gradual or seasonal"


def test_performance_is_realised_where_labels_came_and_estimated_where_not(place, served):
    served.serve(AS_IT_WAS)
    served.serve(AS_IT_WAS, NIGHT + timedelta(days=1), labelled=1.0)

    estimated = judge_night(place, NIGHT)["versions"][0]
    realised = judge_night(place, NIGHT + timedelta(days=1))["versions"][0]

    assert estimated["drift"]["performance"]["source"] == "estimated"
    assert realised["drift"]["performance"]["source"] == "realised"
    assert realised["labels"]["coverage"] == 1.0
    guess, truth = realised["estimated"]["figures"]["roc_auc"], realised["realised"]["roc_auc"]
    assert guess["low"] <= truth["value"] <= guess["high"]


def test_a_model_that_is_wrong_without_any_drift_is_severe(place, served):
    served.serve(World(wrong=0.4), labelled=1.0)

    report = judge_night(place, NIGHT)

    assert (report["severity"], report["bad"]) == ("severe", True)
    assert column(report, "delay")["severity"] == "ok"
    assert "ROC AUC" in report["evidence"][0]


def test_two_bad_nights_ask_for_a_new_model_once(place, served):
    asked = []
    for back in (1, 0):
        night = NIGHT - timedelta(days=back)
        served.serve(World(shift=0.6), night)
        report = judge_night(place, night)
        publish(place, report, night)
        asked.append((report["severity"], ensure_requested(place, report)))

    assert asked == [("drift", False), ("drift", True)]
    assert not ensure_requested(place, report)
    (request,) = place.queue.requests()
    assert request.nights == (NIGHT - timedelta(days=1), NIGHT)
    assert any("delay" in sentence for sentence in request.evidence)


def test_a_good_night_says_why_nothing_is_asked(place, served):
    served.serve(AS_IT_WAS)
    report = judge_night(place, NIGHT)

    assert not ensure_requested(place, report)
    assert report["decision"]["reason"] == "No retraining: the night is ok, not bad."


def test_versions_are_judged_apart_and_strangers_are_named(place, served):
    served.serve(AS_IT_WAS)
    served.serve(MOVED, version="v9")

    report = judge_night(place, NIGHT)

    assert [one["version"] for one in report["versions"]] == ["v1"]
    assert report["quality"]["unknown_versions"] == ["v9"]
    assert (report["quality"]["seen"], report["severity"]) == (2 * A_DAY, "ok")


def test_a_version_without_a_reference_says_how_to_give_one(place, served, add, crown):
    crown(add(b"other", request=""))

    report = judge_night(place, NIGHT)

    assert (report["version"], report["severity"]) == ("v2", "no-data")
    assert "--reference FILE" in report["versions"][0]["drift"]["notes"][0]


def test_without_a_champion_there_is_nothing_to_judge(place, tmp_path, settings):
    from lifecycle.adapters.opening import open_registry
    from lifecycle.settings import load

    empty = open_registry(load({"PICKLEFLEET_STORE": str(tmp_path / "empty")}))

    with pytest.raises(NotFoundError, match="ever champion"):
        judge_night(Place(empty, place.trust, place.log, place.reports, place.queue), NIGHT)


def test_a_report_survives_the_store_as_it_was(place, served):
    served.serve(MOVED)
    report = judge_night(place, NIGHT)

    assert publish(place, report, NIGHT)
    assert place.reports.find(NIGHT) == report | {"claim": 1}
    assert place.reports.nights() == [NIGHT]
