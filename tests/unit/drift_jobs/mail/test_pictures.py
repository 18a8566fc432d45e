"""Pictures of anything: every share can be seen or is nothing, every picture is small and has words."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from drift_jobs.mail.canvas import CURRENT, PAPER, Canvas, drawable, strip
from drift_jobs.mail.heat import CALM, DRIFT, heat_rows
from drift_jobs.mail.performance_picture import course_of, over_nights
from drift_jobs.mail.pictures import compared
from tests.report_builders import figure, finding, performance, report, shifted

COUNTS = st.lists(st.integers(0, 10**9), min_size=4, max_size=22)


def opened(png):
    return Image.open(io.BytesIO(png)).convert("RGB")


def colours(png):
    return {colour for _, colour in opened(png).getcolors(1 << 20)}


def rgb(colour):
    return tuple(bytes.fromhex(colour.removeprefix("#")))


@settings(deadline=None, max_examples=40)
@given(COUNTS, COUNTS, st.sampled_from(["edges", "names", "neither"]), st.data())
def test_any_counts_can_be_drawn(reference, current, kind, data):
    bins = min(len(reference), len(current))
    document = {"reference": reference[:bins], "current": current[:bins]}
    if kind == "edges":
        edges = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
        document["edges"] = data.draw(st.lists(edges, min_size=bins - 2, max_size=bins - 2))
    if kind == "names":
        names = st.one_of(st.none(), st.text(max_size=200))
        document["names"] = data.draw(st.lists(names, min_size=bins - 3, max_size=bins - 3))
    picture = compared("delay", document, "a.png")

    assert opened(picture.png).size == (2 * picture.width, 2 * picture.height)
    assert len(picture.png) < 15_000
    assert "delay" in picture.alt


@pytest.mark.parametrize("height", [0.001, 0.1, 0.3, 1, 40])
def test_the_smallest_bar_can_be_seen(height):
    canvas = Canvas(40, 60)
    canvas.box((10, 50 - height), (30, 50), CURRENT)

    assert len(colours(canvas.png())) > 1


def test_nothing_is_not_drawn():
    canvas = Canvas(40, 60)
    canvas.box((10, 50), (30, 50), CURRENT)

    assert colours(canvas.png()) == {rgb(PAPER)}


def test_a_strip_has_a_cell_a_night_in_the_order_of_the_nights():
    image = opened(strip([CALM, DRIFT, CALM]))

    assert [image.getpixel((x, 7)) for x in (3, 10, 17)] == [rgb(CALM), rgb(DRIFT), rgb(CALM)]


def test_strips_are_of_what_was_found_and_then_of_the_hottest():
    nights = [report(finding("calm"), shifted("hot", psi=0.4), finding("new"))] * 3
    nights.append(report(finding("calm"), finding("hot"), shifted("new")))

    rows = heat_rows(nights, ["new"], 2)

    assert [row.name for row in rows] == ["new", "hot"]
    assert [row.signs for row in rows] == ["···O", "OOO·"]


def test_a_column_that_was_not_there_before_has_blanks():
    (row,) = heat_rows([report(finding("other")), report(finding("new"))], [], 1)

    assert row.signs == " ·"


def test_late_labels_move_the_points_of_earlier_nights():
    late = {"night": "2013-07-31", "metric": "roc_auc", "realised": 0.61, "held": True}
    course = course_of([report(night="2013-07-31"), report(looking_back=[late])])

    assert [point.realised[1] for point in course.points] == [0.61, 0.7]


def test_an_interval_of_a_share_ends_at_one():
    one = report()
    one["versions"][0]["realised"]["roc_auc"] = figure(0.98)
    (point,) = course_of([one]).points

    assert point.realised == (pytest.approx(0.93), 0.98, 1.0)


def test_a_model_without_figures_has_no_course():
    bare = report(performance=None)
    unmeasured = report(performance=performance() | {"metric": "mae"})

    assert course_of([bare]) is None
    assert course_of([unmeasured]) is None


def test_the_course_is_told_in_words():
    picture = over_nights(course_of([report(), report()]), "performance.png")

    assert picture.alt == (
        "ROC AUC over 2 nights, with 95 % intervals. Realised this night: 0.700 (0.650 to 0.750). "
        "Estimated this night: 0.690 (0.640 to 0.740). On the hold-out: 0.700."
    )


def test_only_letters_that_the_font_has_are_drawn():
    assert drawable("Zürich 12")
    assert not drawable("漢字")
