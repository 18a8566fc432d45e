"""A report's document as lines for a terminal: the verdict first, then the whole table."""

from collections.abc import Iterator, Sequence
from typing import Any

_BLOCKS = "▁▂▃▄▅▆▇█"
_HEAD = f"  {'column':<24}{'severity':<16}{'effect':>9}{'PSI':>8}{'missing':>10}{'unseen':>9}  reference → current"


def present(report: dict[str, Any], *, explain: bool = False) -> Iterator[str]:
    """`explain` adds every limit, test and note."""
    yield f"{report['model']} {report['version']}, night {report['night']}: {report['severity']}"
    yield f"  {report['decision']['reason']}"
    yield from _quality(report["quality"])
    yield from _looking_back(report["looking_back"])
    for version in report["versions"]:
        yield ""
        yield from present_version(version, explain=explain)


def present_version(version: dict[str, Any], *, explain: bool = False) -> Iterator[str]:
    drift = version["drift"]
    days = f" of {version['days']} days" if version["days"] > 1 else ""
    yield f"{version['version']}: n = {version['rows']:,}{days}, {version['severity']}"
    yield from _performance(version)
    yield _HEAD
    for finding in (*drift["features"], *drift["scores"]):
        yield _row(finding, version["bins"].get(finding["name"]))
        if explain:
            yield from _explained(finding)
    yield "  * important to the model"
    if explain:
        yield from (f"  {line}" for line in (drift["power"], *drift["notes"]) if line)
        if drift["reference_alarms"] is not None:
            yield f"  Of the reference's own days {drift['reference_alarms']:.1%} would have been found."


def sparkline(counts: Sequence[int]) -> str:
    """One block a bin, the largest bin full; nothing counted is blank."""
    most = max(counts, default=0)
    if not most:
        return " " * len(counts)
    return "".join(" " if not each else _BLOCKS[round(each / most * (len(_BLOCKS) - 1))] for each in counts)


def _quality(quality: dict[str, Any]) -> Iterator[str]:
    yield f"  {quality['served']:,} answered, {quality['labelled']:,} with a true value, in {quality['hours_with_rows']} hours"
    for name, title in (
        ("dropped", "Not recorded"),
        ("feedback_dropped", "True values that could not be kept"),
    ):
        if dropped := quality.get(name):
            lost = ", ".join(f"{reason} {rows:,}" for reason, rows in sorted(dropped.items()))
            yield f"  {title}: {lost}"
    if quality["unknown_versions"]:
        yield f"  Not in the registry: {', '.join(quality['unknown_versions'])}"


def _looking_back(nights: Sequence[dict[str, Any]]) -> Iterator[str]:
    scored = [night for night in nights if night["held"] is not None]
    if scored:
        held = sum(night["held"] for night in scored)
        yield f"  Of the estimates of the last nights, {held} of {len(scored)} had the value that came true"


def _performance(version: dict[str, Any]) -> Iterator[str]:
    verdict = version["drift"]["performance"]
    if verdict is not None:
        yield f"  {verdict['reason']}"
    guess = version["estimated"]
    if guess is not None and not guess["trusted"]:
        for one in guess["assumptions"]:
            if one["holds"] is False:
                yield f"  Do not trust the estimate. {one['sentence']}"


def _row(finding: dict[str, Any], bins: dict[str, list[int]] | None) -> str:
    name = finding["name"][:22] + (" *" if finding["important"] else "")
    compared = finding["comparison"]
    if compared is None:
        return f"  {name:<24}{finding['severity']:<16}{'':>36}  {' '.join(finding['reasons'])}".rstrip()
    effect = "" if compared["distance"] is None else f"{compared['distance']:.3f}"
    letter = "D" if compared["numeric"] else "V"
    drawn = "" if bins is None else f"{sparkline(bins['reference'])} → {sparkline(bins['current'])}"
    return (
        f"  {name:<24}{finding['severity']:<16}{letter + ' ' + effect:>9}{compared['psi']:8.3f}"
        f"{compared['missing']:10.1%}{compared['unseen']:9.1%}  {drawn}"
    )


def _explained(finding: dict[str, Any]) -> Iterator[str]:
    compared, guards = finding["comparison"], finding["guards"]
    if compared is None or guards is None:
        return
    tests = ", ".join(
        f"{test['name']} p = {test['p']:.2g}{' (significant)' if test['significant'] else ''}"
        for test in compared["tests"]
    )
    usual = "" if finding["variation_known"] else "; normal variation unknown"
    course = f"; {finding['course']}" if finding["course"] else ""
    yield f"      {tests}"
    yield (
        f"      limits: {'D' if compared['numeric'] else 'V'} {guards['distance']:.3f}, PSI {guards['psi_watch']:.3f} "
        f"/ {guards['psi_drift']:.3f} / {guards['psi_severe']:.3f}{usual}{course}"
    )
