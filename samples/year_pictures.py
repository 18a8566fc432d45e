"""Two pictures of a year of nights: what was found, and how good the answers were."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from samples.year_page import FOUND, SEVERITIES, Report, both, by_column, night_of

DRIFT, PERFORMANCE = "year-drift.png", "year-performance.png"
COLOURS = {
    "ok": "#e8ecef",
    "watch": "#f2c14e",
    "drift": "#e4793a",
    "severe": "#8c1d18",
    "no-data": "#ffffff",
    "not-computable": "#9aa4ae",
}


def draw(reports: Sequence[Report], folder: Path) -> None:
    draw_drift(reports, folder / DRIFT)
    draw_performance(reports, folder / PERFORMANCE)


def draw_drift(reports: Sequence[Report], path: Path) -> None:
    """A row a column, a strip a night."""
    nights = [by_column(report) for report in reports]
    found = Counter(name for night in nights for name, severity in night.items() if severity in FOUND)
    names = sorted({name for night in nights for name in night}, key=lambda name: (-found[name], name))
    order = list(COLOURS)
    cells = [[order.index(night.get(name, "no-data")) for night in nights] for name in names]
    figure, axes = plt.subplots(figsize=(11, 5.2), layout="constrained")
    axes.imshow(
        cells,
        aspect="auto",
        interpolation="nearest",
        cmap=ListedColormap(list(COLOURS.values())),
        vmin=0,
        vmax=len(order) - 1,
    )
    axes.set_yticks(range(len(names)), [f"{name}  {found[name]}" for name in names], fontsize=8)
    axes.set_xticks(*_month_ticks(reports), fontsize=8, ha="left")
    axes.set_title("What each night found, by column (and on how many nights)", loc="left", fontsize=10)
    axes.legend(
        handles=[Patch(color=COLOURS[one], label=one) for one in SEVERITIES],
        ncols=4, loc="lower right", bbox_to_anchor=(1, 1), frameon=False, fontsize=8,
    )  # fmt: skip
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_performance(reports: Sequence[Report], path: Path) -> None:
    """What came true, night by night, over what was estimated without labels."""
    places = [(place, pair) for place, report in enumerate(reports) if (pair := both(report)) is not None]
    x = [place for place, _ in places]
    true, guess = [pair[0] for _, pair in places], [pair[1] for _, pair in places]
    figure, axes = plt.subplots(figsize=(11, 3.6), layout="constrained")
    axes.fill_between(
        x, [one["low"] for one in guess], [one["high"] for one in guess],
        color="#f3d9c8", label="estimated without labels, 95 %",
    )  # fmt: skip
    axes.plot(x, [one["value"] for one in guess], color="#d55e00", linewidth=1.4, label="estimated")
    axes.vlines(
        x, [one["low"] for one in true], [one["high"] for one in true], color="#9db4d0", linewidth=0.8
    )
    axes.plot(x, [one["value"] for one in true], ".", color="#005a9c", markersize=4, label="realised, 95 %")
    axes.axhline(0.5, color="#59636e", linewidth=0.8, linestyle=":")
    axes.set_xticks(*_month_ticks(reports), fontsize=8, ha="left")
    axes.set_xlim(0, len(reports))
    axes.set_title("ROC AUC of each night", loc="left", fontsize=10)
    axes.legend(ncols=3, loc="lower right", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _month_ticks(reports: Sequence[Report]) -> tuple[list[int], list[str]]:
    firsts = [place for place, report in enumerate(reports) if night_of(report).day == 1]
    return firsts, [f"{night_of(reports[place]):%b}" for place in firsts]
