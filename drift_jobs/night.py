"""One night, a straight line: look, judge, decide, and only then make it count. The first to finish has made it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import msgspec

from drift_jobs.adopted_reference import keep_reference, with_reference
from drift_jobs.judging import Judged, evidence, judge_version
from drift_jobs.looking_back import looking_back
from drift_jobs.reading import Watched, hours_with_rows, rows_by_version
from drift_jobs.reports import Reports
from lifecycle import clock
from lifecycle.bundle import PROFILE, Manifest
from lifecycle.drift.decision import Decision, Night, decide
from lifecycle.drift.severity import Severity
from lifecycle.errors import NotFoundError
from lifecycle.policy import VersionRef
from lifecycle.policy_journal import PolicyJournal
from lifecycle.prediction_log.reading import PredictionLog
from lifecycle.profile import document as profile_document
from lifecycle.profile.profile import Profile
from lifecycle.registry import Registry, VersionEntry
from lifecycle.retraining import RetrainQueue, RetrainRequest
from lifecycle.signing import TrustSet
from lifecycle.window import Window, day

FORMAT = 1
REMEMBERED = 14


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that a night reads, and the queue that it may add to."""

    registry: Registry
    trust: TrustSet
    log: PredictionLog
    reports: Reports
    queue: RetrainQueue


def judge_night(place: Place, night: date) -> dict[str, Any]:
    """The night's report as a document; writes nothing. Raises NotFoundError where nothing was ever promoted."""
    place, window = replace(place, log=place.log.at_one_moment()), day(night)
    champion = champion_of(place, window)
    served = rows_by_version(place.log, window)
    judged = [
        judge_version(place.log, with_reference(place.log, place.reports, watched, night), night)
        for watched in _watched(place, champion, served)
    ]
    leading = next(one for one in judged if one.watched.version == champion.version)
    decision = _decide(place, leading, night)
    return {
        "format": FORMAT,
        "night": night.isoformat(),
        "made_at": clock.timestamp(clock.now()),
        "model": place.registry.version(champion.digest).name,
        "version": champion.version,
        "severity": leading.drift.severity.value,
        "bad": leading.drift.bad,
        "evidence": list(evidence(leading.drift)),
        "decision": _decision(decision),
        "quality": _quality(place, window, served),
        "looking_back": looking_back(place.log, place.reports, leading.watched, night),
        "versions": [one.to_document() for one in judged],
    }


def ensure_references(place: Place, night: date) -> None:
    """Versions that came without a reference and have seven nights by now have one from now on."""
    window = day(night)
    for watched in _watched(place, champion_of(place, window), rows_by_version(place.log, window)):
        keep_reference(place.log, place.reports, watched, night)


def ensure_requested(place: Place, report: dict[str, Any]) -> bool:
    """Add what a report decided to the queue; may be called again after a crash. True when it was added now."""
    decision = report["decision"]
    if not decision["retrain"]:
        return False
    request = RetrainRequest(
        report["model"],
        report["version"],
        date.fromisoformat(report["night"]),
        decision["reason"],
        tuple(map(date.fromisoformat, decision["nights"])),
        tuple(decision["evidence"]),
        report["made_at"],
    )
    return place.queue.add(request)


def champion_of(place: Place, window: Window) -> VersionRef:
    """Who was champion at the window's end; in replayed times, before anything was promoted, who is now."""
    policies = PolicyJournal(place.registry, place.trust)
    found = policies.as_of(window.end) or policies.newest()
    if found is None:
        raise NotFoundError(
            "No version was ever champion, so there is nothing to judge.",
            fix="Promote one: picklefleet approve v1 && picklefleet promote v1",
        )
    return found.champion


def watched_in(place: Place, window: Window) -> list[Watched]:
    """The versions to judge: the champion first, then every other registered one that answered."""
    night = window.end.date()
    return [
        with_reference(place.log, place.reports, watched, night)
        for watched in _watched(place, champion_of(place, window), rows_by_version(place.log, window))
    ]


def _watched(place: Place, champion: VersionRef, served: dict[str, int]) -> Iterator[Watched]:
    entries = {entry.version: entry for entry in place.registry.versions()}
    names = [champion.version, *(name for name in served if name != champion.version and name in entries)]
    for name in names:
        yield _read_version(place.registry, entries[name])


def _read_version(registry: Registry, entry: VersionEntry) -> Watched:
    manifest = registry.manifest(entry.digest)
    profile = _profile(registry, manifest, entry.digest)
    return Watched(entry.version, entry.digest, manifest.signature, profile, manifest.metric)


def _profile(registry: Registry, manifest: Manifest, digest: str) -> Profile | None:
    if all(entry.path != PROFILE for entry in manifest.files):
        return None
    document = msgspec.json.decode(registry.objects.get(f"bundles/{digest}/{PROFILE}"))
    profile = profile_document.from_document(document)
    recorded = {feature.name for feature in manifest.signature.inputs if feature.privacy != "drop"}
    return replace(profile, features={n: c for n, c in profile.features.items() if n in recorded})


def _quality(place: Place, window: Window, served: dict[str, int]) -> dict[str, Any]:
    """How much of what was answered is there to be judged."""
    coverage = place.log.coverage(window)
    known = {entry.version for entry in place.registry.versions()}
    return {
        "served": coverage.served,
        "seen": coverage.seen,
        "dropped": coverage.dropped,
        "feedback_dropped": coverage.feedback_dropped,
        "labelled": coverage.labelled,
        "late": coverage.late,
        "conflicts": coverage.conflicts,
        "hours_with_rows": hours_with_rows(place.log, window),
        "versions": served,
        "unknown_versions": sorted(set(served) - known),
    }


def _decide(place: Place, leading: Judged, night: date) -> Decision:
    earlier = _earlier(place.reports, leading.watched.version, night)
    report = leading.drift
    tonight = Night(night, report.severity, report.bad, evidence(report))
    asked = place.queue.requests()
    last = max((one.night for one in asked if one.night < night), default=None)
    return decide([*earlier, tonight], last_retrain=last, in_flight=bool(place.queue.open()))


def _earlier(reports: Reports, version: str, night: date) -> list[Night]:
    """The judged nights of that version before this one, oldest first."""
    found = (reports.find(night - timedelta(days=back)) for back in range(REMEMBERED, 0, -1))
    return [as_night(one) for one in found if one is not None and one["version"] == version]


def as_night(report: dict[str, Any]) -> Night:
    of = date.fromisoformat(report["night"])
    return Night(of, Severity(report["severity"]), report["bad"], tuple(report["evidence"]))


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "retrain": decision.retrain,
        "reason": decision.reason,
        "nights": [night.isoformat() for night in decision.nights],
        "evidence": list(decision.evidence),
    }
