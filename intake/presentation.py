"""An inspection for a person: what the file is, what is in it, and what stands against serving it."""

from collections.abc import Iterator
from textwrap import indent

from intake.estimators import Estimator
from intake.inspection import Inspection, Verdict
from intake.report import PickleReport

_SHOWN_NAMES = 8
_VERDICTS = {
    Verdict.SERVABLE: "servable: nothing stands against registering it",
    Verdict.REFUSED: "refused",
    Verdict.UNREADABLE: "could not be read",
}


def present(inspection: Inspection) -> str:
    lines = [inspection.path]
    if inspection.report is not None:
        lines += [f"  {line}" for line in _facts(inspection.report)]
        lines += (
            ["", "Estimators", *_trees(inspection.report.estimators)] if inspection.report.estimators else []
        )
        lines += ["", *_globals(inspection.report)]
    lines += ["", f"Verdict: {_VERDICTS[inspection.verdict]}"]
    for finding in inspection.findings:
        lines += [
            f"  ✗ {finding.message}",
            indent(finding.fix, "    → ", lambda line: not line.startswith(" ")),
        ]
    return printable("\n".join(lines))


def printable(text: str) -> str:
    """Without control characters: names in a file are anybody's, and a terminal obeys escape codes."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def _facts(report: PickleReport) -> Iterator[str]:
    wrapping = (
        "" if report.container == "none" else f" in {report.container}, {report.unpacked_size:,} unpacked"
    )
    yield f"format         {report.format}, protocol {report.protocol}, {report.size:,} bytes{wrapping}"
    yield f"holds          {report.root}"
    if report.sklearn_versions:
        yield f"scikit-learn   {', '.join(report.sklearn_versions)}"
    if report.numpy_major:
        yield f"numpy          {report.numpy_major}.x"
    if report.feature_names:
        yield f"features       {_shortened(report.feature_names)}"
    if report.trailing:
        yield f"trailing       {report.trailing:,} bytes behind the model that belong to nothing"


def _trees(estimators: tuple[Estimator, ...]) -> Iterator[str]:
    for estimator in estimators:
        yield f"  {_line(estimator)}"
        yield from _branches(estimator.parts, "  ")


def _branches(parts: tuple[Estimator, ...], margin: str) -> Iterator[str]:
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        yield f"{margin}{'└─' if last else '├─'} {_line(part)}"
        yield from _branches(part.parts, margin + ("   " if last else "│  "))


def _line(estimator: Estimator) -> str:
    place = f"{estimator.place}: " if estimator.place else ""
    times = f" x {estimator.count}" if estimator.count > 1 else ""
    facts = []
    if estimator.fitted is False:
        facts.append("not fitted")
    if estimator.features is not None:
        facts.append(f"{estimator.features} feature{'' if estimator.features == 1 else 's'}")
    if estimator.classes:
        facts.append(f"classes {_shortened(estimator.classes)}")
    return f"{place}{estimator.kind.name}{times}" + (f"  ({'; '.join(facts)})" if facts else "")


def _globals(report: PickleReport) -> Iterator[str]:
    refused = [use for use in report.globals if not use.allowed]
    yield f"Globals: {len(report.globals)} named, {len(refused)} outside the allow-list"
    for use in refused:
        yield f"  {'called' if use.called else 'named '}  {use.module}:{use.name}"


def _shortened(names: tuple[str, ...]) -> str:
    shown = ", ".join(name[:40] for name in names[:_SHOWN_NAMES])
    return shown + (f", … ({len(names)} in all)" if len(names) > _SHOWN_NAMES else "")
