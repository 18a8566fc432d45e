"""What a report found, as conditions that have a name: they can be new, worse, over, or snoozed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from drift_jobs.mail.wording import name_of, number, share
from lifecycle.drift.severity import Severity
from lifecycle.performance.titles import metric_title

PERFORMANCE = "performance"

Kind = Literal["shift", "missing", "unseen", "score", "performance", "broken"]


@dataclass(frozen=True, slots=True)
class Condition:
    """`name` is the column's, or `performance`. `short` fits into a subject. `effect` is its PSI, if it has one.

    `severity` is what it adds to the night's: a column that does not matter to the model is watch at most.
    """

    name: str
    kind: Kind
    severity: Severity
    short: str
    effect: float | None = None
    course: str | None = None


def leading(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry of the version that was champion at the night's end."""
    entries: list[Mapping[str, Any]] = report["versions"]
    return next((one for one in entries if one["version"] == report["version"]), entries[0])


def conditions_of(report: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Watch or above, and columns that can't be compared; worst first."""
    drift = leading(report)["drift"]
    scores = {finding["name"] for finding in drift["scores"]}
    found = [*_performance(drift["performance"])]
    for finding in (*drift["scores"], *drift["features"]):
        severity = Severity(finding["severity"])
        if severity.found:
            found.append(_of_column(finding, severity, is_score=finding["name"] in scores))
        elif severity is Severity.NOT_COMPUTABLE and finding["important"]:
            short = f"{name_of(finding['name'], 32)} can't be compared"
            found.append(Condition(finding["name"], "broken", severity, short))
    return tuple(sorted(found, key=_weight))


def _performance(verdict: Mapping[str, Any] | None) -> Iterator[Condition]:
    if verdict is None or verdict["bad"] is not True:
        return
    value, usual = verdict["figure"]["value"], verdict["baseline"]["value"]
    source = "" if verdict["source"] == "realised" else "estimated "
    short = f"{source}{metric_title(verdict['metric'])} {number(value)}, was {number(usual)}"
    yield Condition(PERFORMANCE, "performance", Severity.SEVERE, short)


def _of_column(finding: Mapping[str, Any], severity: Severity, *, is_score: bool) -> Condition:
    compared, guards = finding["comparison"], finding["guards"]
    kind = "score" if is_score else _kind(compared, guards)
    counts = severity if finding["important"] else Severity.WATCH
    short = _short(kind, name_of(finding["name"], 32), compared)
    return Condition(finding["name"], kind, counts, short, compared["psi"], finding["course"])


def _kind(compared: Mapping[str, Any], guards: Mapping[str, Any]) -> Kind:
    """A column of which more is missing or unseen than usual is told by that: it is what a person can mend."""
    if abs(compared["missing_change"]) >= guards["change_watch"]:
        return "missing"
    return "unseen" if abs(compared["unseen_change"]) >= guards["change_watch"] else "shift"


def _short(kind: Kind, name: str, compared: Mapping[str, Any]) -> str:
    if kind == "missing":
        before = compared["missing"] - compared["missing_change"]
        return f"{name} missing {share(before)} → {share(compared['missing'])}"
    if kind == "unseen":
        return f"{name} has {share(compared['unseen'])} unseen values"
    what = f"predictions ({name})" if kind == "score" else name
    if compared["psi"] < 0.1 and compared["distance"] is not None:
        return f"{what} shifted, {'D' if compared['numeric'] else 'V'} {compared['distance']:.2f}"
    return f"{what} shifted, PSI {compared['psi']:.2f}"


def _weight(one: Condition) -> tuple[int, bool, float, str]:
    """Among equals, performance comes first; then the largest effect."""
    return -one.severity.rank, one.kind != "performance", -(one.effect or 0.0), one.name
