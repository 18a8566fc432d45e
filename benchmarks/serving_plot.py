"""The figures of the serving benchmark as a picture: how many times the peer's requests, by model and rows."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from benchmarks.serving_load import Ratio

COLOURS = {"picklefleet": "#2b6cb0", "in columns": "#90b8de"}


def draw(path: Path, ratios: Sequence[Ratio]) -> None:
    """On a logarithmic scale; the dashed line is the peer."""
    mpl.rcParams["svg.hashsalt"] = "serving"  # the same figures make the same file
    places = list(dict.fromkeys((ratio.model, ratio.rows) for ratio in ratios))
    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    for number, (service, colour) in enumerate(COLOURS.items()):
        shown = [ratio for ratio in ratios if ratio.service == service]
        at = [places.index((ratio.model, ratio.rows)) + 0.36 * number - 0.18 for ratio in shown]
        bars = axes.bar(at, [ratio.times for ratio in shown], 0.36, color=colour, label=service)
        axes.bar_label(bars, [f"{ratio.times:.1f}" for ratio in shown], fontsize=8)
    axes.axhline(1, color="grey", linestyle="--", linewidth=1)
    axes.set_yscale("log")
    axes.set_ylabel("times FastAPI's requests")
    axes.set_xticks(range(len(places)), [f"{model}\n{rows:,}" for model, rows in places], fontsize=8)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
