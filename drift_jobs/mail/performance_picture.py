"""The primary metric over the nights: realised and estimated with their intervals, beside the hold-out's value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drift_jobs.mail.canvas import CURRENT, GUESS, INK, LINE, QUIET, Canvas
from drift_jobs.mail.conditions import leading
from drift_jobs.mail.pictures import Picture
from drift_jobs.mail.wording import number
from lifecycle.performance.titles import FROM_0_TO_1, metric_title

WIDTH, HEIGHT = 400, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 392, 24, 160
_BAND = "#eef1f4"

Interval = tuple[float, float, float]  # low, value, high


@dataclass(frozen=True, slots=True)
class Point:
    """One night; None where there was nothing."""

    night: str
    realised: Interval | None
    estimated: Interval | None


@dataclass(frozen=True, slots=True)
class Course:
    """`usual` is the hold-out's value, `sd` its standard deviation over days; None where unknown."""

    metric: str
    points: tuple[Point, ...]
    usual: float | None
    sd: float | None


def course_of(reports: Sequence[Mapping[str, Any]]) -> Course | None:
    """`reports` oldest first; true values that came late are taken from the newest. None without any figure."""
    verdict = leading(reports[-1])["drift"]["performance"]
    if verdict is None:
        return None
    metric, baseline = verdict["metric"], verdict["baseline"] or {}
    late = {one["night"]: one for one in reports[-1]["looking_back"] if one["metric"] == metric}
    points = tuple(_point(report, metric, late.get(report["night"])) for report in reports)
    if not any(point.realised or point.estimated for point in points):
        return None
    return Course(metric, points, baseline.get("value"), baseline.get("sd"))


def _point(report: Mapping[str, Any], metric: str, late: Mapping[str, Any] | None) -> Point:
    entry = leading(report)
    realised = _interval(entry["realised"].get(metric), metric)
    if late is not None and late["realised"] is not None:
        value = late["realised"]
        realised = realised if realised and realised[1] == value else (value, value, value)
    guess = (entry["estimated"] or {"figures": {}})["figures"].get(metric)
    return Point(report["night"], realised, _interval(guess, metric))


def _interval(figure: Mapping[str, Any] | None, metric: str) -> Interval | None:
    if figure is None or any(figure[part] is None for part in ("low", "value", "high")):
        return None
    low, value, high = figure["low"], figure["value"], figure["high"]
    return (max(low, 0.0), value, min(high, 1.0)) if metric in FROM_0_TO_1 else (low, value, high)


def over_nights(course: Course, file: str) -> Picture:
    canvas = Canvas(WIDTH, HEIGHT)
    scale = _Scale(*_limits(course))
    _background(canvas, course, scale)
    step = (_RIGHT - _LEFT) / len(course.points)
    for place, point in enumerate(course.points):
        x = _LEFT + (place + 0.5) * step
        if point.estimated:
            _mark(canvas, x + 1.8, scale, point.estimated, guess=True)
        if point.realised:
            _mark(canvas, x - 1.8, scale, point.realised, guess=False)
    _dates(canvas, course, step)
    _legend(canvas, course)
    return Picture(file, canvas.png(), _told(course), WIDTH, HEIGHT)


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def y(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return _BOTTOM - min(max(part, 0.0), 1.0) * (_BOTTOM - _TOP)


def _limits(course: Course) -> tuple[float, float]:
    values = [
        value for point in course.points for value in (*(point.realised or ()), *(point.estimated or ()))
    ]
    values += [] if course.usual is None else [course.usual]
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or max(abs(high) * 0.05, 0.01)
    return low - room, high + room


def _background(canvas: Canvas, course: Course, scale: _Scale) -> None:
    if course.usual is not None and course.sd is not None:
        above, below = course.usual + 3 * course.sd, course.usual - 3 * course.sd
        canvas.box((_LEFT, scale.y(above)), (_RIGHT, scale.y(below)), _BAND)
    for part in range(5):
        value = scale.low + part / 4 * (scale.high - scale.low)
        canvas.line((_LEFT, scale.y(value)), (_RIGHT, scale.y(value)), LINE, 0.6)
        canvas.text((_LEFT - 4, scale.y(value)), _tick(value), anchor="rm", size=10)
    if course.usual is not None:
        canvas.dashes((_LEFT, scale.y(course.usual)), (_RIGHT, scale.y(course.usual)), QUIET)


def _tick(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.3g}"


def _mark(canvas: Canvas, x: float, scale: _Scale, figure: Interval, *, guess: bool) -> None:
    low, value, high = figure
    colour = GUESS if guess else CURRENT
    canvas.line((x, scale.y(low)), (x, scale.y(high)), colour, 1.0 if guess else 1.4)
    canvas.dot((x, scale.y(value)), 2.6, colour, hollow=guess)


def _dates(canvas: Canvas, course: Course, step: float) -> None:
    every = max(1, -(-len(course.points) // 5))
    for place in range(len(course.points) - 1, -1, -every):
        x = _LEFT + (place + 0.5) * step
        canvas.text((min(x, _RIGHT - 12), _BOTTOM + 5), course.points[place].night[5:], anchor="ma", size=10)


def _legend(canvas: Canvas, course: Course) -> None:
    y, left = 9.0, float(_LEFT)
    for title, colour, hollow in (("realised", CURRENT, False), ("estimated", GUESS, True)):
        canvas.dot((left + 4, y), 3, colour, hollow=hollow)
        canvas.text((left + 11, y), title, colour=INK, anchor="lm")
        left += 70
    if course.usual is not None:
        canvas.dashes((left, y), (left + 16, y), QUIET)
        band = ", grey: 3 sd of its days" if course.sd is not None else ""
        canvas.text((left + 20, y), f"hold-out{band}", colour=INK, anchor="lm")


def _told(course: Course) -> str:
    return " ".join(_sentences(course))


def _sentences(course: Course) -> Iterator[str]:
    last, nights = course.points[-1], len(course.points)
    yield f"{metric_title(course.metric)} over {nights} nights, with 95 % intervals."
    for title, figure in (("Realised", last.realised), ("Estimated", last.estimated)):
        if figure:
            yield f"{title} this night: {number(figure[1])} ({number(figure[0])} to {number(figure[2])})."
    if course.usual is not None:
        yield f"On the hold-out: {number(course.usual)}."
