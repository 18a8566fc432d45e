"""A model card as a page for people: Markdown, the verdict first."""

from collections.abc import Iterator, Mapping
from typing import Any

from lifecycle.model_card import ModelCard

_SHOWN_SLICES = 12


def card_page(card: ModelCard) -> str:
    return "\n".join(_lines(card)) + "\n"


def _lines(card: ModelCard) -> Iterator[str]:
    yield f"# {card.lineage['model']} {card.version}"
    yield ""
    yield f"**{'Blessed' if card.blessed else 'Not blessed'}** beside {card.champion_version}. Digest `{card.digest}`."
    if card.reasons:
        yield ""
        yield from (f"- {reason}" for reason in card.reasons)
    yield from _comparison(card)
    yield from _data(card.data)
    yield from _lineage(card.lineage)


def _comparison(card: ModelCard) -> Iterator[str]:
    comparison = card.comparison
    yield from ("", "## Compared", "")
    for title, part in (("Newest slice", comparison["newest"]), ("Trusted set", comparison["trusted"])):
        if part is not None:
            yield from _side(title, card.champion_version, card.version, part)
    for one in comparison["beside"]:
        yield from _side(f"{one['output']}, newest slice", card.champion_version, card.version, one["newest"])
    if comparison["discordant"]:
        found = comparison["discordant"]
        yield (
            f"Labelled rightly by the champion alone {found['only_champion']:,}, by the challenger alone "
            f"{found['only_challenger']:,} (McNemar p = {found['p']:.3g})."
        )
    distance = "unknown" if card.score_distance is None else f"{card.score_distance:.4f}"
    yield f"D between the scores {distance}; another label in {_share(card.disagreement)} of the newest rows."
    yield from _costs(comparison["costs"])
    yield from _slices(comparison)


def _side(title: str, champion: str, challenger: str, part: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {title}: {part['rows']:,} rows"
    yield ""
    yield f"| metric | {champion} | {challenger} | difference, paired |"
    yield "|---|---|---|---|"
    for metric, before in part["champion"].items():
        after, apart = part["challenger"][metric], part["difference"].get(metric)
        yield f"| {metric} | {_figure(before)} | {_figure(after)} | {_figure(apart, sign='+')} |"
    yield ""


def _costs(costs: Mapping[str, Any]) -> Iterator[str]:
    times = "; ".join(
        f"{costs['challenger_ms'][rows]:.1f} ms for {rows} rows (champion {before:.1f})"
        for rows, before in costs["champion_ms"].items()
    )
    yield f"{times}; {costs['challenger_bytes']:,} bytes (champion {costs['champion_bytes']:,})."


def _slices(comparison: Mapping[str, Any]) -> Iterator[str]:
    slices = sorted(
        (one for one in comparison["slices"] if one["difference"]["value"] is not None),
        key=lambda one: one["difference"]["value"],
    )
    if not slices:
        return
    yield from ("", f"### Slices, by their difference in {comparison['metric']}", "")
    yield from ("| slice | rows | difference |", "|---|---|---|")
    kept = slices if len(slices) <= _SHOWN_SLICES else [*slices[:6], *slices[-6:]]
    for one in kept:
        yield f"| {one['feature']} is {one['value']} | {one['rows']:,} | {_figure(one['difference'], sign='+')} |"


def _data(data: Mapping[str, Any]) -> Iterator[str]:
    left = data["left_out"]
    yield from ("", "## Data", "")
    yield f"- Log from {data['window']['start']} to {data['window']['end']}, {left['mature_days']} mature days."
    yield (
        f"- Trained on {data['train_rows']:,} rows ({data['of_base_set']:,} of them from the base set), compared on "
        f"the newest {data['compare_rows']:,} and on {data['trusted_rows']:,} trusted ones."
    )
    yield (
        f"- Left out: {left['immature']:,} of days that are not mature, {left['conflicts']:,} with two true values, "
        f"{left['beyond_key_share']:,} beyond a key's share, {left['no_true_value']:,} without a usable value."
    )
    yield f"- Selection: {left['unlabelled_share']:.1%} of the rows of mature days have no label.{_unlike(data)}"
    yield f"- {data['labels']}"
    yield f"- SHA-256 of the training rows `{data['train_sha256']}`, of the base set `{data['base_set_sha256']}`."


def _unlike(data: Mapping[str, Any]) -> str:
    found = ", ".join(f"{one['feature']} (PSI {one['psi']:.2f})" for one in data["unlike"])
    return f" They differ from the labelled most in {found}." if found else ""


def _lineage(lineage: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Lineage", "")
    yield f"- Asked for by {lineage['requested_by']} ({lineage['origin']}): {lineage['reason']}"
    yield from (f"  - {sentence}" for sentence in lineage["evidence"])
    recipe = lineage["recipe"]
    yield f"- Fitted by {recipe}{_params(lineage)}, seed {lineage['seed']}, as of {lineage['as_of']}."
    yield f"- Artifact SHA-256 `{lineage['artifact_sha256']}`."
    commit = f", commit {lineage['code_commit']}" if lineage["code_commit"] else ""
    libraries = ", ".join(f"{name} {version}" for name, version in lineage["libraries"].items())
    yield f"- {lineage['code']}{commit}; runtime {lineage['runtime']}: {libraries}."


def _params(lineage: Mapping[str, Any]) -> str:
    chosen = ", ".join(f"{name}={value}" for name, value in lineage["params"].items())
    return f" with {chosen}" if chosen else ""


def _figure(figure: Mapping[str, Any] | None, *, sign: str = "") -> str:
    if figure is None or figure["value"] is None:
        return "-"
    value, low, high = (format(figure[part] or 0.0, f"{sign}.4f") for part in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _share(share: float | None) -> str:
    return "an unknown share" if share is None else f"{share:.1%}"
