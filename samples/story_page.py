"""The page of the story: what its commands printed, and two drawings of what it measured."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from samples.story import Story

PAGE, PERFORMANCE, NIGHTS = "the-flights-story.md", "story-performance.svg", "story-nights.svg"
_WIDTH, _HEIGHT, _EDGE = 720, 220, 40
_COLOURS = {
    "ok": "#7fb77e",
    "watch": "#f2c14e",
    "drift": "#e4793a",
    "severe": "#b3261e",
    "no-data": "#c8c8c8",
}


def write_page(story: Story, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NIGHTS).write_text(_nights(story.nights))
    periods = [one for one in story.performance["over_time"]["periods"] if one["value"] is not None]
    if periods:
        (folder / PERFORMANCE).write_text(_performance(periods, story.performance["over_time"]["metric"]))
    (folder / PAGE).write_text("\n".join(_page(story, drawn=bool(periods))) + "\n")


def _page(story: Story, *, drawn: bool) -> Iterator[str]:
    yield "# The flights story\n"
    yield (
        "Written by `make story`: a service runs, the flights of 2013 that the first model never saw pass through it, four "
        "weeks at a time, the last nights of each are judged, a model is trained on what was seen, and it takes over on real requests. Every block "
        "below is what a command printed.\n"
    )
    yield f"![The severity of each night]({NIGHTS})\n"
    yield f"{len(story.nights)} nights were judged. The first that asked for a new model:\n"
    yield from _first_request(story.nights)
    for day, exit_code, output in story.retrainings:
        yield f"\n## Retraining, as of {day}\n"
        yield from _block(f"picklefleet retrain run --as-of {day}", output)
        yield f"It ended with {exit_code}: {_RETRAINED.get(exit_code, 'see above')}.\n"
    if story.rollout:
        yield "\n## The rollout\n"
        yield f"{story.rollout['ended']['outcome'].capitalize()}: {story.rollout['ended']['told']}\n"
    for said in story.said:
        if said.command.split()[1] in {"rollout", "policy"}:
            yield from _block(said.command, said.output)
    if drawn:
        yield f"\n## How good the answers were\n\n![Performance by time of prediction]({PERFORMANCE})\n"
    yield "\n## The mail of the last night\n"
    yield from _block("picklefleet report preview", story.mail)


_RETRAINED = {
    0: "there is a challenger",
    3: "a person should read why it stopped",
    5: "the challenger was not better",
}


def _first_request(nights: Sequence[dict[str, Any]]) -> Iterator[str]:
    for night in nights:
        if night["decision"]["retrain"]:
            yield f"> {night['night']}: {night['decision']['reason']}"
            yield from (f"> - {sentence}" for sentence in night["decision"]["evidence"])
            return
    yield "> none"


def _block(command: str, output: str) -> Iterator[str]:
    yield f"```console\n$ {command}\n{output.rstrip()}\n```\n"


def _nights(nights: Sequence[dict[str, Any]]) -> str:
    """One bar a night."""
    width = (_WIDTH - 2 * _EDGE) / max(1, len(nights))
    bars = "".join(
        f'<rect x="{_EDGE + index * width:.1f}" y="20" width="{max(1.0, width - 1):.1f}" height="50" '
        f'fill="{_COLOURS.get(night["severity"], "#999999")}"><title>{night["night"]} {night["severity"]}</title></rect>'
        for index, night in enumerate(nights)
    )
    legend = "".join(
        f'<rect x="{_EDGE + 110 * place}" y="88" width="12" height="12" fill="{colour}"/>'
        f'<text x="{_EDGE + 110 * place + 18}" y="98">{name}</text>'
        for place, (name, colour) in enumerate(_COLOURS.items())
    )
    ends = "".join(
        f'<text x="{x}" y="14" text-anchor="{anchor}">{night["night"]}</text>'
        for x, anchor, night in ((_EDGE, "start", nights[0]), (_WIDTH - _EDGE, "end", nights[-1]))
    )
    return _svg(110, bars + legend + ends)


def _performance(periods: Sequence[dict[str, Any]], metric: str) -> str:
    """The value of each stretch with its 95 % interval."""
    low = min(one["low"] for one in periods)
    high = max(one["high"] for one in periods)

    def y(value: float) -> float:
        return float(_HEIGHT - _EDGE - (value - low) / ((high - low) or 1) * (_HEIGHT - 2 * _EDGE))

    step = (_WIDTH - 2 * _EDGE) / max(1, len(periods) - 1)
    places = [(_EDGE + index * step, one) for index, one in enumerate(periods)]
    line = " ".join(f"{x:.1f},{y(one['value']):.1f}" for x, one in places)
    bars = "".join(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(one["low"]):.1f}" y2="{y(one["high"]):.1f}" stroke="#9db4d0"/>'
        for x, one in places
    )
    texts = (
        f'<text x="{_EDGE}" y="14">{metric}</text><text x="4" y="{y(high) + 4:.0f}">{high:.2f}</text>'
        f'<text x="4" y="{y(low) + 4:.0f}">{low:.2f}</text>'
        f'<text x="{_EDGE}" y="{_HEIGHT - 8}">{periods[0]["start"][:10]}</text>'
        f'<text x="{_WIDTH - _EDGE}" y="{_HEIGHT - 8}" text-anchor="end">{periods[-1]["start"][:10]}</text>'
    )
    return _svg(
        _HEIGHT, f'{bars}<polyline points="{line}" fill="none" stroke="#1f4e8c" stroke-width="2"/>{texts}'
    )


def _svg(height: int, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        f'font-size="11">{content}</svg>\n'
    )
