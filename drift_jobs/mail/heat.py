"""PSI over the last nights, a strip a column: each cell beside the column's own limits of that night."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drift_jobs.mail.canvas import CELL, strip
from drift_jobs.mail.conditions import leading
from drift_jobs.mail.pictures import Picture
from drift_jobs.mail.wording import name_of, number

# from light to dark: the order is seen without colour too
NOTHING, CALM, NEAR, WATCH, DRIFT, SEVERE = "#ffffff", "#e6eaee", "#fdd9a8", "#fc9e58", "#d8451f", "#6f0b0b"
_HEAT = (NOTHING, CALM, NEAR, WATCH, DRIFT, SEVERE)
LEGEND = (
    ("below half its limit", CALM),
    ("near its limit", NEAR),
    ("watch", WATCH),
    ("drift", DRIFT),
    ("severe", SEVERE),
)
_SIGNS = {NOTHING: " ", CALM: "·", NEAR: "-", WATCH: "o", DRIFT: "O", SEVERE: "#"}
SIGNS = "· calm   - near its limit   o watch   O drift   # severe   (blank: not judged)"


@dataclass(frozen=True, slots=True)
class HeatRow:
    """`signs` is the strip in text."""

    name: str
    psi: str
    signs: str
    picture: Picture


def heat_rows(reports: Sequence[Mapping[str, Any]], found: Sequence[str], most: int) -> tuple[HeatRow, ...]:
    """Of tonight's `found` columns, then of those that the nights were hottest for. A single night is no course."""
    if len(reports) < 2:
        return ()
    nights = [_by_name(report) for report in reports]
    heat = {name: sum(_HEAT.index(_colour(night.get(name))) for night in nights) for name in nights[-1]}
    ranked = [name for name in found if name in heat]
    ranked += sorted(heat.keys() - set(ranked), key=lambda name: (-heat[name], name))
    return tuple(_row(name, nights, place) for place, name in enumerate(ranked[:most]))


def _by_name(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    drift = leading(report)["drift"]
    return {one["name"]: one for one in (*drift["features"], *drift["scores"])}


def _row(name: str, nights: Sequence[Mapping[str, Mapping[str, Any]]], place: int) -> HeatRow:
    findings = [night.get(name) for night in nights]
    colours = [_colour(finding) for finding in findings]
    values = [_psi(finding) for finding in findings]
    known = [value for value in values if value is not None]
    told = f"{number(min(known))} to {number(max(known))}" if known else "unknown"
    last = number(values[-1]) or "unknown"
    alt = f"PSI of {name_of(name)} over {len(nights)} nights: {told}; {last} this night."
    picture = Picture(f"heat-{place + 1}.png", strip(colours), alt, len(colours) * CELL[0], CELL[1])
    return HeatRow(name_of(name, 28), last, "".join(_SIGNS[colour] for colour in colours), picture)


def _psi(finding: Mapping[str, Any] | None) -> float | None:
    compared = None if finding is None else finding["comparison"]
    return None if compared is None else compared["psi"]


def _colour(finding: Mapping[str, Any] | None) -> str:
    psi = _psi(finding)
    if finding is None or psi is None or finding["guards"] is None:
        return NOTHING
    guards = finding["guards"]
    for limit, colour in (("psi_severe", SEVERE), ("psi_drift", DRIFT), ("psi_watch", WATCH)):
        if psi > guards[limit]:
            return colour
    return NEAR if psi > guards["psi_watch"] / 2 else CALM
