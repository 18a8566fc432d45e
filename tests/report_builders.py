"""Reports as documents, of any shape: what nights write, without a store or a model."""

from datetime import date
from typing import Any

from drift_jobs.mail.snoozes import Snooze

GUARDS = {
    "distance": 0.05, "psi_watch": 0.1, "psi_drift": 0.2, "psi_severe": 0.5, "change_watch": 0.02,
    "change_drift": 0.1,
}  # fmt: skip


def finding(name: str, severity: str = "ok", **changes: Any) -> dict[str, Any]:
    """`psi`, `missing` (and what it was `before`), `unseen`; other changes are the finding's own."""
    psi, before = changes.pop("psi", 0.01), changes.pop("before", 0.0)
    missing, unseen = changes.pop("missing", before), changes.pop("unseen", 0.0)
    compared = {
        "name": name, "numeric": True, "rows": 900, "reference_rows": 9000, "distance": min(1.0, psi / 2),
        "psi": psi, "psi_raw": psi + 0.01, "missing": missing, "missing_change": missing - before,
        "unseen": unseen, "unseen_change": unseen, "tests": [{"name": "ks", "p": 0.5, "significant": False}],
    }  # fmt: skip
    found = {
        "name": name, "severity": severity, "reasons": [], "important": True, "comparison": compared,
        "guards": GUARDS, "variation_known": True, "course": None,
    }  # fmt: skip
    return found | changes


def shifted(name: str, severity: str = "drift", psi: float = 0.3, **changes: Any) -> dict[str, Any]:
    told = {"reasons": [f"PSI is {psi:.3f} (limit 0.200)"], "course": "sudden"}
    return finding(name, severity, psi=psi, **(told | changes))


def broken(name: str) -> dict[str, Any]:
    reasons = ["The column is not in the data."]
    return finding(name, "not-computable", reasons=reasons, comparison=None, guards=None)


def figure(value: float, half: float = 0.05, n: int = 900) -> dict[str, Any]:
    return {"value": value, "low": value - half, "high": value + half, "n": n, "method": "bootstrap"}


def performance(value: float = 0.7, *, bad: bool = False, source: str = "realised") -> dict[str, Any]:
    reason = f"{source.capitalize()} ROC AUC is {value:.3f}; on the hold-out it was 0.700."
    baseline = {"value": 0.7, "sd": 0.02, "days": 16, "estimate_error": 0.05}
    return {
        "metric": "roc_auc", "source": source, "bad": bad, "reason": reason, "figure": figure(value),
        "baseline": baseline,
    }  # fmt: skip


def bins(numeric: bool = True, names: list[str] | None = None) -> dict[str, Any]:
    if numeric:
        counts = {"reference": [90] * 10 + [9], "current": [5, 5, 10, 20, 50, 90, 200, 300, 100, 50, 70]}
        return counts | {"edges": [1.5, 2.0, 3.25, 4.0, 5.0, None, 700.0, 8000.0, 90000.0]}
    names = ["EWR", "JFK", "LGA"] if names is None else names
    top = names[:19]
    shares = list(range(len(top) + 3, 0, -1))
    return {"reference": shares, "current": shares[::-1], "names": top}


def report(*findings: dict[str, Any], night: str = "2013-08-01", **changes: Any) -> dict[str, Any]:
    """`rows`, `severity`, `bad`, `performance`, `bins` are the leading version's; other changes the report's own."""
    worst = max(
        (one["severity"] for one in findings),
        key=["ok", "no-data", "not-computable", "watch", "drift", "severe"].index,
        default="ok",
    )
    rows, verdict = changes.pop("rows", 900), changes.pop("performance", performance())
    severity = changes.pop("severity", "severe" if verdict and verdict["bad"] else worst)
    bad = changes.pop("bad", severity in {"drift", "severe"})
    drift = {
        "format": 1, "severity": severity, "bad": bad, "rows": rows, "features": list(findings), "scores": [],
        "tests": 40, "power": f"With {rows} rows this night could have seen a lot.", "notes": ["A note."],
        "reference_alarms": 0.05, "performance": verdict,
    }  # fmt: skip
    entry = {
        "version": "v1", "digest": "d", "rows": rows, "days": 1, "severity": severity, "bad": bad,
        "window": {"start": f"{night}T00:00:00+00:00", "end": "2013-08-02T00:00:00+00:00"}, "drift": drift,
        "bins": changes.pop("bins", {one["name"]: bins() for one in findings}),
        "labels": {"rows": rows, "labelled": rows, "coverage": 1.0},
        "realised": {"roc_auc": figure(0.7), "accuracy": figure(0.98), "precision": figure(0.0, n=0)},
        "estimated": {"figures": {"roc_auc": figure(0.69)}, "assumptions": [], "trusted": True},
    }  # fmt: skip
    return {
        "format": 1, "night": night, "made_at": "2013-08-02T02:01:00.000Z", "model": "flights", "version": "v1",
        "severity": severity, "bad": bad, "evidence": [],
        "decision": {"retrain": False, "reason": "No retraining.", "nights": [], "evidence": []},
        "quality": {
            "served": rows, "seen": rows, "dropped": {}, "labelled": rows, "late": 0, "conflicts": 0,
            "hours_with_rows": 24, "versions": {"v1": rows}, "unknown_versions": [],
        },
        "looking_back": [], "versions": [entry], **changes,
    }  # fmt: skip


def snoozed(*names: str, until: date = date(2013, 8, 20)) -> dict[str, Snooze]:
    """Each a drift of PSI 0.3 when it was snoozed."""
    since, at = date(2013, 7, 1), "2013-07-02T09:00:00.000Z"
    return {name: Snooze(name, since, until, "drift", 0.3, "me", "season", at) for name in names}
