from datetime import timedelta

from drift_jobs.night import judge_night
from drift_jobs.presentation import present
from tests.nights import NIGHT, World

TOMORROW = NIGHT + timedelta(days=1)


def publish(place, night):
    report = judge_night(place, night)
    place.reports.publish(place.reports.claim(night, 60.0), report)
    return report


def test_labels_that_came_later_score_the_estimate(place, served):
    made = served.serve(World())
    first = publish(place, NIGHT)
    assert first["looking_back"] == []
    served.tell(made)
    served.serve(World(), TOMORROW)

    report = publish(place, TOMORROW)

    (back,) = report["looking_back"]
    assert (back["night"], back["labels"], back["coverage"], back["held"]) == ("2013-08-01", 300, 1.0, True)
    assert back["estimated"] == first["versions"][0]["estimated"]["figures"]["roc_auc"]["value"]
    assert place.reports.find(NIGHT) == first | {"claim": 1}, "a report is never rewritten"
    assert any("1 of 1" in line for line in present(report))


def test_an_estimate_that_was_wrong_is_told(place, served):
    made = served.serve(World(wrong=0.4))
    publish(place, NIGHT)
    served.tell(made)

    assert judge_night(place, TOMORROW)["looking_back"][0]["held"] is False


def test_without_labels_nothing_is_held_against_the_estimate(place, served):
    served.serve(World())
    publish(place, NIGHT)

    (back,) = judge_night(place, TOMORROW)["looking_back"]

    assert (back["labels"], back["realised"], back["held"]) == (0, None, None)


def test_only_fourteen_nights_are_scored_anew(place, served):
    for back in (15, 14):
        night = NIGHT - timedelta(days=back)
        served.serve(World(), night)
        publish(place, night)

    assert [one["night"] for one in judge_night(place, NIGHT)["looking_back"]] == ["2013-07-18"]
