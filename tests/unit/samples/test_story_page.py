"""The page tells what happened: nights, retrainings, rollout, and drawings that are well-formed."""

from datetime import date
from xml.etree import ElementTree as ET

import pytest

from samples.commands import Said
from samples.story import Story
from samples.story_page import NIGHTS, PAGE, PERFORMANCE, write_page


def night(day, severity, *, retrain=False):
    decision = {"retrain": retrain, "reason": "Two bad nights in a row.", "evidence": ["temp moved."]}
    return {"night": f"2013-04-{day:02}", "severity": severity, "decision": decision}


@pytest.fixture
def story():
    periods = [
        {"start": f"2013-04-{day:02}T00:00:00Z", "value": 0.6, "low": 0.5, "high": 0.7, "n": 100}
        for day in (1, 2)
    ]
    return Story(
        nights=[night(1, "ok"), night(2, "drift", retrain=True)],
        retrainings=[
            (date(2013, 4, 8), 5, "Not blessed: not better."),
            (date(2013, 4, 15), 0, "Blessed: v2."),
        ],
        rollout={"ended": {"outcome": "promoted", "told": "Every step has passed."}},
        performance={"over_time": {"metric": "roc_auc", "periods": periods}},
        mail="Nothing to do.",
        said=[
            Said("picklefleet rollout status", "Rollout 1: v2", 0),
            Said("picklefleet approve v1", "no", 0),
        ],
    )


def test_the_page_tells_what_happened_in_order(story, tmp_path):
    write_page(story, tmp_path)
    page = (tmp_path / PAGE).read_text()

    told = [
        "2013-04-02: Two bad nights",
        "the challenger was not better",
        "there is a challenger",
        "Promoted:",
        "Rollout 1: v2",
        "Nothing to do.",
    ]
    assert [page.index(text) for text in told] == sorted(page.index(text) for text in told)
    assert "picklefleet approve v1" not in page


def test_the_drawings_are_well_formed_and_have_a_mark_for_each_night(story, tmp_path):
    write_page(story, tmp_path)

    nights = ET.parse(tmp_path / NIGHTS).getroot()  # noqa: S314 - our own file
    assert [title.text for title in nights.iter("{http://www.w3.org/2000/svg}title")] == [
        "2013-04-01 ok",
        "2013-04-02 drift",
    ]
    assert ET.parse(tmp_path / PERFORMANCE).getroot().tag.endswith("svg")  # noqa: S314 - our own file


def test_a_story_without_any_label_draws_no_performance(story, tmp_path):
    story.performance = {"over_time": {"metric": None, "periods": []}}
    write_page(story, tmp_path)

    assert not (tmp_path / PERFORMANCE).exists()
    assert PERFORMANCE not in (tmp_path / PAGE).read_text()
