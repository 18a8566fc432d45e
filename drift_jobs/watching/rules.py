"""What is an alarm: one table, each rule a question to Graphite and a judgement of the answer. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from drift_jobs.watching.targets import buckets, counts, gauges, observed, quantile_of

State = Literal["alarm", "fine", "unknown"]
Numbers = Mapping[str, Sequence[float]]

MINUTE = 60
FEW = 100  # requests in the window: below that a share says nothing
MAX_FAILED = 0.01
MAX_P99_S = 1.0
MIN_FREE_PERCENT = 10.0
MIN_MEMORY_PERCENT = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`sentence` says what was seen, with its number, whatever the state is."""

    state: State
    sentence: str


@dataclass(frozen=True, slots=True)
class Rule:
    """`questions` are targets by a name of ours; `judge` gets what each found in the last `window_s` seconds.

    `step` is what a person can do, a sentence and a command.
    """

    name: str
    title: str
    questions: Mapping[str, str]
    window_s: int
    judge: Callable[[Mapping[str, Numbers]], Finding]
    step: tuple[str, str]


def _failed(found: Mapping[str, Numbers]) -> Finding:
    failed, total = observed(found["failed"]), observed(found["all"])
    sentence = f"{failed:,} of {total:,} requests failed in five minutes."
    if total < FEW:
        return Finding("unknown", sentence)
    return Finding("alarm" if failed > MAX_FAILED * total else "fine", sentence)


def _slow(found: Mapping[str, Numbers]) -> Finding:
    total = observed(found["buckets"])
    if total < FEW:
        return Finding("unknown", f"{total:,} requests in five minutes.")
    p99 = quantile_of("request_seconds", 0.99, found["buckets"])
    sentence = f"One of a hundred requests took longer than {p99:.3g} s."
    return Finding("alarm" if p99 > MAX_P99_S else "fine", sentence)


def _dropped(found: Mapping[str, Numbers]) -> Finding:
    rows = observed(found["dropped"])
    return Finding("alarm" if rows else "fine", f"{rows:,} rows of the log were dropped in ten minutes.")


def _agents_silent(found: Mapping[str, Numbers]) -> Finding:
    """Who was never heard of is not missed."""
    rounds, ever = observed(found["now"]), observed(found["ever"])
    if not ever:
        return Finding("unknown", "No agent was ever heard of.")
    return Finding("alarm" if not rounds else "fine", f"Agents made {rounds:,} rounds in ten minutes.")


def _keys_old(found: Mapping[str, Numbers]) -> Finding:
    """Whoever was heard of within a day and is not now, unless its last word was that it takes no clients."""
    ever, now = (_machines("agent_keys_confirmed", found[name]) for name in ("ever", "now"))
    admitted = _machines("edge_admitted", found["admitted"])
    if not ever:
        return Finding("unknown", "No machine was ever heard of.")
    missed = sorted(machine for machine in ever.keys() - now.keys() if admitted.get(machine, 1))
    if missed:
        who = f"{', '.join(missed)} {'has' if len(missed) == 1 else 'have'}"
        return Finding(
            "alarm", f"{who} not asked for API keys for three minutes: one revoked since is still good there."
        )
    return Finding("fine", f"{len(now)} of {len(now)} machines have the newest API keys.")


def _machines(metric: str, found: Numbers) -> dict[str, float]:
    """Machine → the last value of its series, however the question was put; without those that have none."""
    told = ((re.search(rf"\b{metric}\.([A-Za-z0-9_-]+)", path), values) for path, values in found.items())
    return {match[1]: values[-1] for match, values in told if match is not None and values}


def _store_away(found: Mapping[str, Numbers]) -> Finding:
    well, failed = observed(found["ok"]), observed(found["failed"])
    sentence = f"{failed:,} of {failed + well:,} rounds to the store failed in ten minutes."
    if not well + failed:
        return Finding("unknown", sentence)
    return Finding("alarm" if failed and not well else "fine", sentence)


def _lowest(least: float, what: str, unit: str = "%") -> Callable[[Mapping[str, Numbers]], Finding]:
    def judge(found: Mapping[str, Numbers]) -> Finding:
        last = {path.rsplit(".", 1)[-1]: values[-1] for path, values in found["free"].items() if values}
        if not last:
            return Finding("unknown", f"No machine tells its {what}.")
        machine = min(last, key=last.__getitem__)
        sentence = f"{last[machine]:.0f} {unit} {what} on {machine}."
        return Finding("alarm" if last[machine] < least else "fine", sentence)

    return judge


RULES = (
    Rule(
        "failing",
        "Requests fail",
        {"failed": counts("edge_answers", status="5xx"), "all": counts("edge_answers")},
        5 * MINUTE,
        _failed,
        ("See which colour and version fails; the way back is one command:", "picklefleet edge status"),
    ),
    Rule(
        "failing-in-the-service",
        "The service fails",
        {"failed": counts("requests", status="5xx"), "all": counts("requests")},
        5 * MINUTE,
        _failed,
        ("See since when which version serves:", "picklefleet history"),
    ),
    Rule(
        "slow",
        "Answers are slow",
        {"buckets": buckets("request_seconds")},
        5 * MINUTE,
        _slow,
        ("See how many requests wait:", "picklefleet edge status"),
    ),
    Rule(
        "dropping",
        "Records are dropped",
        {"dropped": counts("records_dropped")},
        10 * MINUTE,
        _dropped,
        ("Make room on the machine's disk, or see why nothing is shipped:", "picklefleet agent --once"),
    ),
    Rule(
        "silent",
        "No agent is heard of",
        # a day of summed ten-second steps: enough to know that there was one
        {"now": counts("agent_syncs"), "ever": f"summarize({counts('agent_syncs')}, '1h', 'sum')"},
        10 * MINUTE,
        _agents_silent,
        ("See whether an agent runs on each machine, and StatsD:", "picklefleet agent --once"),
    ),
    Rule(
        "keys-old",
        "A machine may let in revoked keys",
        {
            "now": counts("agent_keys_confirmed"),
            "ever": f"summarize({counts('agent_keys_confirmed')}, '1h', 'sum')",
            "admitted": gauges("edge_admitted"),
        },
        3 * MINUTE,  # of rounds that are twenty seconds apart
        _keys_old,
        (
            "Its agent is dead or has no store: take the machine out at the balancer, or start the agent there.",
            "picklefleet agent --once",
        ),
    ),
    Rule(
        "store-away",
        "The store does not answer",
        {"ok": counts("agent_syncs", outcome="ok"), "failed": counts("agent_syncs", outcome="failed")},
        10 * MINUTE,
        _store_away,
        ("Machines go on serving what they have. See what the store says:", "picklefleet versions"),
    ),
    Rule(
        "disk-full",
        "A disk is nearly full",
        {"free": gauges("host_disk_free_percent")},
        5 * MINUTE,
        _lowest(MIN_FREE_PERCENT, "disk free"),
        ("See what the log takes, and let old records go:", "picklefleet log expire"),
    ),
    Rule(
        "memory-short",
        "A machine is short of memory",
        {"free": gauges("host_memory_available_percent")},
        5 * MINUTE,
        _lowest(MIN_MEMORY_PERCENT, "memory free"),
        ("Fewer web processes need less of it:", "picklefleet settings"),
    ),
    *(
        Rule(
            f"certificate-{days}-days",
            f"A certificate ends within {days} days",
            {"free": gauges("edge_certificate_days_left")},
            60 * MINUTE,
            _lowest(days, "until its certificate ends", "days"),
            ("Put the new one where the old one lies: the agent brings it in.", "picklefleet edge status"),
        )
        for days in (30, 7)
    ),
)
BLIND = Rule(
    "blind",
    "Graphite can't be asked",
    {},
    0,
    lambda _found: Finding("alarm", "Graphite does not answer, so nobody looks for alarms."),
    ("See whether Graphite runs at this address:", "picklefleet settings"),
)
LOOK_BACK_S = {"ever": 24 * 3600}  # questions with a window of their own
