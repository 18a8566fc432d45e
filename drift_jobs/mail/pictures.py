"""The pictures of a night. Each comes with a sentence that tells what it shows to those who do not see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drift_jobs.mail.canvas import CURRENT, INK, LINE, QUIET, REFERENCE, Canvas, drawable, width_of
from drift_jobs.mail.wording import name_of, number, share

WIDTH, HEIGHT = 400, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 394, 22, 150
_MOST_CATEGORIES = 9


@dataclass(frozen=True, slots=True)
class Picture:
    """`name` is a file's name. Width and height are what it takes on a page."""

    name: str
    png: bytes
    alt: str
    width: int
    height: int
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bin: its shares in the reference and in the night, from 0 to 1."""

    label: str
    reference: float
    current: float


def compared(name: str, bins: Mapping[str, Any], file: str) -> Picture:
    """Reference against current. `bins` as a report keeps them."""
    numeric = "names" not in bins and "edges" in bins
    bars = _of_numbers(bins) if numeric else _of_categories(bins)
    canvas = Canvas(WIDTH, HEIGHT)
    top = _round_up(max(max(bar.reference, bar.current) for bar in bars))
    _axis(canvas, top)
    slot = (_RIGHT - _LEFT) / len(bars)
    for place, bar in enumerate(bars):
        left = _LEFT + place * slot
        _pair(canvas, left, slot, bar, top)
    if numeric:
        _edge_labels(canvas, slot, bins["edges"])
    _legend(canvas)
    return Picture(file, canvas.png(), _told(name, bars, numeric=numeric, bins=bins), WIDTH, HEIGHT)


def _of_numbers(bins: Mapping[str, Any]) -> list[Bar]:
    shares = list(zip(_shares(bins["reference"]), _shares(bins["current"]), strict=True))
    bars = [Bar("", *pair) for pair in shares[:-1]]
    missing = Bar("missing", *shares[-1])
    return [*bars, missing] if missing.reference or missing.current else bars


def _of_categories(bins: Mapping[str, Any]) -> list[Bar]:
    """The largest of either sample; what is left over is one bar."""
    shares = list(zip(_shares(bins["reference"]), _shares(bins["current"]), strict=True))
    names = bins.get("names")
    known = len(shares) - 3 if names is not None else 0
    ends = ["other", "unseen", "missing"] if names is not None else []
    labels = [*(names or ())[:known], *ends]
    labels += [None] * (len(shares) - len(labels))
    bars = [
        Bar(_label(label, place), *pair)
        for place, (label, pair) in enumerate(zip(labels, shares, strict=True))
    ]
    present = [bar for bar in bars if bar.reference or bar.current]
    kept = sorted(present, key=lambda bar: -max(bar.reference, bar.current))[:_MOST_CATEGORIES]
    rest = [bar for bar in present if bar not in kept]
    shown = [bar for bar in present if bar in kept]
    if rest:
        shown.append(Bar("others", sum(b.reference for b in rest), sum(b.current for b in rest)))
    return shown or [Bar("", 0.0, 0.0)]


def _label(label: str | None, place: int) -> str:
    return label if label is not None and drawable(label) else f"#{place + 1}"


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    return [each / total if total else 0.0 for each in counts]


def _axis(canvas: Canvas, top: float) -> None:
    for part in (0.0, 0.5, 1.0):
        y = _BOTTOM - part * (_BOTTOM - _TOP)
        canvas.line((_LEFT, y), (_RIGHT, y), LINE)
        canvas.text((_LEFT - 4, y), f"{part * top:.0%}", anchor="rm", size=10)


def _pair(canvas: Canvas, left: float, slot: float, bar: Bar, top: float) -> None:
    tall = (_BOTTOM - _TOP) / top
    middle, half = left + slot / 2, min(slot * 0.42, 22)
    canvas.box((middle - half, _BOTTOM - bar.reference * tall), (middle, _BOTTOM), REFERENCE)
    canvas.box((middle, _BOTTOM - bar.current * tall), (middle + half, _BOTTOM), CURRENT)
    if bar.label:
        canvas.text((middle, _BOTTOM + 4), _fitting(bar.label, slot + 8), anchor="ma", size=10)


def _fitting(text: str, width: float) -> str:
    text = text[:16]
    while width_of(text, 10) > width - 2 and len(text) > 1:
        text = text.rstrip(".")[:-1] + "."
    return text


def _edge_labels(canvas: Canvas, slot: float, edges: Sequence[float | None]) -> None:
    """Between the bars; every second or third where they would touch."""
    texts = ["" if edge is None else number(edge) for edge in edges]
    widest = max((width_of(text, 10) for text in texts), default=0)
    every = max(1, -(-int(widest + 6) // max(1, int(slot))))
    for place, text in enumerate(texts):
        x = _LEFT + (place + 1) * slot
        canvas.line((x, _BOTTOM), (x, _BOTTOM + 3), QUIET)
        if place % every == 0:
            canvas.text((x, _BOTTOM + 4), text, anchor="ma", size=10)


def _legend(canvas: Canvas) -> None:
    canvas.box((_LEFT, 4), (_LEFT + 9, 13), REFERENCE)
    canvas.text((_LEFT + 13, 8.5), "reference", colour=INK, anchor="lm")
    canvas.box((_LEFT + 80, 4), (_LEFT + 89, 13), CURRENT)
    canvas.text((_LEFT + 93, 8.5), "this night", colour=INK, anchor="lm")


def _round_up(value: float) -> float:
    steps = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
    return next((step for step in steps if value <= step), 1.0)


def _told(name: str, bars: Sequence[Bar], *, numeric: bool, bins: Mapping[str, Any]) -> str:
    """The bin that grew most, in words."""
    grown = max(range(len(bars)), key=lambda place: bars[place].current - bars[place].reference)
    bar = bars[grown]
    where = _range(bins["edges"], grown) if numeric and not bar.label else bar.label
    return (
        f"{name_of(name)}, reference against this night. Most grew the share of {where or 'one bin'}: "
        f"{share(bar.reference)} in the reference, {share(bar.current)} this night."
    )


def _range(edges: Sequence[float | None], place: int) -> str:
    low = edges[place - 1] if place else None
    high = edges[place] if place < len(edges) else None
    if low is None and high is None:
        return "one bin"
    if low is None:
        return f"values up to {number(high)}"
    return f"values above {number(low)}" if high is None else f"values from {number(low)} to {number(high)}"
