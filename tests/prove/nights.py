"""A year of nights by three real workers that are killed, frozen and told wrong times: each night has one report."""

import json
import random
from datetime import date, timedelta
from unittest.mock import patch

from agent.shipper import Shipper
from lifecycle import settings as settings_module
from lifecycle.adapters.object_store import open_store
from lifecycle.adapters.opening import open_registry
from lifecycle.model import OutputAnswer
from lifecycle.policy import TrafficPolicy, VersionRef
from lifecycle.policy_journal import PolicyJournal
from lifecycle.prediction import mint
from lifecycle.signing import create_signing_key, load_trust
from tests.bundles import SIGNATURE, write_bundle
from tests.prove.night_fleet import PACE_S, SILENT_S, Fleet, end_of, environment_of
from tests.record_builders import FLEET_KEY, record, recorder

LEAP_DAY = date(2024, 2, 29)
YEAR = 365  # from 1 June 2023: the end of daylight saving, the year's end, the leap day
BACKLOG = 8  # nights; a worker makes up 35
PATIENCE_S = 300.0
DEADLY = 0.02  # of the writes to the reports

HOUR = 3600.0
DAY = 24 * HOUR
# What is wrong with one worker's clock on these days: daylight saving taken for time itself, 29 February unknown, a
# year that began too early.
JUMPS = {
    date(2023, 10, 29): -HOUR, date(2023, 11, 5): HOUR, date(2023, 12, 31): 366 * DAY, date(2024, 1, 1): -365 * DAY,
    date(2024, 2, 28): DAY, LEAP_DAY: DAY, date(2024, 3, 10): -HOUR, date(2024, 3, 31): HOUR,
}  # fmt: skip


def nights(folder, count, seed):
    """The twins live through a few nights."""
    return {
        "figure": _run(folder / "real", "real", count, seed),
        "negative_control": {
            kind: _run(folder / kind, kind, few, seed, (fate,)) for kind, (fate, few) in TWINS.items()
        },
    }


def passed(result):
    """One report a night, by whom it was claimed last and of what was served; each twin was caught."""
    figure, twins = result["figure"], result["negative_control"]
    sound = figure["reports"] == figure["nights"] and not any(figure[fault] for fault in FAULTS)
    tried = figure["killed"] and figure["frozen"] and figure["jumps"] and figure["taken_over"]
    caught = (
        twins["unclaimed"]["rewritten"] or twins["unclaimed"]["announced_twice"],
        twins["heedless"]["stale"],
        twins["trusting"]["premature"],
    )
    return bool(sound and tried and all(caught))


FAULTS = ("missing", "unexpected", "rewritten", "announced_twice", "stale", "premature", "wrong")


# What befalls a night: each is a straight line of what the experiment does to the fleet.
def nothing(_fleet, _night):
    pass


def kill(fleet, night):
    """Whoever is at it, and the night lies until its claim is stale."""
    holder = fleet.holder(night)
    fleet.wait(fleet.random.uniform(0, 1.5))
    fleet.kill(holder)


def freeze(fleet, night):
    holder = fleet.holder(night)
    fleet.wait(fleet.random.uniform(0, 0.5))
    fleet.freeze(holder)


def kill_all(fleet, _night):
    """And nobody comes back before the next night is due."""
    fleet.wait(fleet.random.uniform(0, 2))
    fleet.away = True
    for process in list(fleet.processes.values()):
        fleet.kill(process)


def wrong_hour(fleet, _night):
    fleet.misdate(fleet.random.choice([-HOUR, HOUR]))


def dwell(fleet, night):
    """Time enough for the report of a night that is still to come."""
    fleet.wait(2 * PACE_S, lambda: (night + timedelta(days=1)).isoformat() in fleet.seen)


FATES = (nothing, nothing, nothing, nothing, kill, kill, freeze, kill_all, wrong_hour)
FIRST_FATES = (kill, freeze, kill_all)  # a few nights have each of these
TWINS = {"unclaimed": (nothing, 2), "heedless": (freeze, 2), "trusting": (dwell, 2)}


def _run(folder, kind, count, seed, fates=()):
    chance = random.Random(seed)  # noqa: S311 - a test's dice
    first = date(2023, 6, 1) if count >= YEAR else LEAP_DAY - timedelta(days=1)
    served = _prepare(folder, first, count)
    fleet = Fleet(folder, kind, chance, DEADLY if kind == "real" else 0.0)
    try:
        for number, night in enumerate(served):
            given = fates or FIRST_FATES[number : number + 1] or (chance.choice(FATES),)
            _live(fleet, night, given[0], served)
        fleet.date()
        fleet.away, fleet.deadly = False, 0.0
        fleet.wait(PATIENCE_S, lambda: fleet.seen.keys() >= {night.isoformat() for night in served})
        fleet.wait(SILENT_S * 2, lambda: not fleet.thaw_at)
        fleet.wait(1)  # who was frozen may still come
    finally:
        fleet.end()
    return _judge(fleet, served)


def _live(fleet, night, fate, served):
    """One night: it becomes due, its fate strikes, and the next one comes whether or not it was made."""
    fleet.date()
    fleet.away = False
    fleet.set_clock(end_of(night) + timedelta(hours=2, minutes=1))
    if night in JUMPS:
        fleet.misdate(JUMPS[night])
    fleet.look()
    fate(fleet, night)
    fleet.wait(PACE_S, lambda: fleet.away or night.isoformat() in fleet.seen)
    due = [one for one in served if one <= night]
    fleet.wait(
        PATIENCE_S, lambda: fleet.away or sum(one.isoformat() not in fleet.seen for one in due) <= BACKLOG
    )


def _judge(fleet, served):
    wanted = {night.isoformat() for night in served}
    announced = _lines(fleet.folder / "announced")
    reports = {night: json.loads(fleet.report(night).read_bytes()) for night in sorted(fleet.seen)}
    rows = {night.isoformat(): number for night, number in served.items()}
    return {
        "nights": len(served),
        "reports": len(reports),
        "missing": sorted(wanted - reports.keys()),
        "unexpected": sorted(reports.keys() - wanted),
        "rewritten": sorted(fleet.rewritten),
        "announced_twice": sorted({night for night in announced if announced.count(night) > 1}),
        "stale": [
            night for night, report in reports.items() if _newest_claim(fleet, night) > report["claim"]
        ],
        "premature": sorted(fleet.premature),
        "wrong": [
            night
            for night, one in reports.items()
            if one["quality"]["seen"] != rows.get(night, 0) or one["night"] != night
        ],
        "taken_over": sum(report["claim"] > 1 for report in reports.values()),
        **fleet.count,
    }


def _newest_claim(fleet, night):
    """Of those that were there before the report was."""
    report = fleet.report(night)
    claims = [
        path.parent for path in report.parent.glob("claim-*/claim.json") if _written(path) < _written(report)
    ]
    return max((int(claim.name.removeprefix("claim-")) for claim in claims), default=0)


def _written(path):
    return path.stat().st_mtime_ns


def _prepare(folder, first, count):
    """A champion since the first night, and a few rows of each night; how many is the number that its report must find."""
    settings = _settings(folder)
    registry = open_registry(settings)
    keys = {role: create_signing_key(role, settings.keys_dir) for role in ("registration", "admission")}
    trust = load_trust(settings.keys_dir)
    entry = registry.add(*write_bundle(folder / "bundle"), keys["registration"], by="tester", request="first")
    registry.admit(entry, keys["admission"], trust)
    champion = TrafficPolicy(0, VersionRef(entry.version, entry.digest))
    with patch("lifecycle.clock.now", lambda: end_of(first) - timedelta(hours=20)):
        PolicyJournal(registry, trust).change(
            keys["admission"], lambda _: champion, by="tester", reason="first"
        )
    served = {first + timedelta(days=step): 1 + step % 7 for step in range(count)}
    _serve(settings, folder / "spool", served)
    return served


def _serve(settings, spool, served):
    writing = recorder(spool)
    for night, rows in served.items():
        at_ms = int((end_of(night) - timedelta(hours=12)).timestamp() * 1000)
        given = {"columns": {"x0": [0.5] * rows}, "answers": [OutputAnswer(values=[1.0] * rows)]}
        base = mint(FLEET_KEY, rows, unix_ms=at_ms)
        writing.prediction(SIGNATURE, record(base, at_ms=at_ms, rows=rows, **given))
    writing.close()
    Shipper(open_store(settings).area("records"), spool).ship()


def _lines(path):
    return path.read_text().splitlines() if path.exists() else []


def _settings(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return settings_module.load(environment_of(folder))
