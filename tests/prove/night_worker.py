"""A worker of nights in a process of its own, on time that the experiment tells: `python -m tests.prove.night_worker`.

Store, claims, rounds and the judging child are the real ones. Days go by as fast as the experiment says, and so does
the store's own clock; a claim falls silent after two seconds instead of 15 minutes. `--kind` chooses the worker under
test or one of its broken twins.
"""

import argparse
import os
import random
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drift_jobs.__main__ import open_place
from drift_jobs.child import ChildJudge
from drift_jobs.mail.post import NoPost
from drift_jobs.reports import REPORT, Reports
from drift_jobs.rounds import Rounds
from lifecycle.claims import Claim, ClaimHeldError, take
from lifecycle.errors import PicklefleetError
from lifecycle.metrics import NullMetrics

SILENT = timedelta(seconds=2)
BEAT_S = 0.4
LIMIT_S = 60.0
NAP_S = 0.2


class Time:
    """What the experiment tells: how far ahead of this machine's clock all is, and this worker's own error."""

    def __init__(self, folder, name):
        self._ahead, self._error = folder / "ahead", folder / f"error-{name}"

    def ahead(self):
        return _seconds(self._ahead)

    def now(self):
        return datetime.now(UTC) + self.ahead() + _seconds(self._error)


class TimedArea:
    """The reports area with a clock of its own. At one write in so many the process dies, just before or after it."""

    def __init__(self, area, shown, dice, deadly):
        self._area, self._time, self._dice, self._deadly = area, shown, dice, deadly

    def __getattr__(self, name):
        return getattr(self._area, name)

    def last_modified(self, key):
        return self._area.last_modified(key) + self._time.ahead()

    def create(self, key, data):
        fate = self._dice.random()
        if fate < self._deadly / 2:
            os.kill(os.getpid(), signal.SIGKILL)
        self._area.create(key, data)
        if self._deadly / 2 <= fate < self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)


class PromptReports(Reports):
    """A claim falls silent soon."""

    def claim(self, night, limit_s):
        try:
            return take(self.store, night.isoformat(), limit_s, silent=SILENT)
        except ClaimHeldError:
            return None


class Heedless(PromptReports):
    """Broken twin: who once had a claim writes, whoever took over meanwhile."""

    def claim(self, night, limit_s):
        claim = super().claim(night, limit_s)
        return claim and HeedlessClaim(claim.store, claim.prefix, claim.number, claim.ends_at)


class HeedlessClaim(Claim):
    def _require_mine(self):
        pass


class Trusting(PromptReports):
    """Broken twin: it believes its machine's clock, so that a night seems over that is not."""

    def claim(self, night, limit_s):
        claim = super().claim(night, limit_s)
        return claim and TrustingClaim(claim.store, claim.prefix, claim.number, claim.ends_at)


class TrustingClaim(Claim):
    def began(self):
        return datetime.max.replace(tzinfo=UTC)


class Unclaimed(PromptReports):
    """Broken twin: everybody takes every night, and writes what was made."""

    def claim(self, night, limit_s):
        return TrustingClaim(self.store, night.isoformat(), 1, time.monotonic() + limit_s)

    def publish(self, claim, report):
        self.store.delete(f"{claim.prefix}/{REPORT}")
        return super().publish(claim, report)


class Announced(NoPost):
    """Each night that a worker tells people of is a line in one file."""

    def announce(self, report):
        note("announced", report["night"])


KINDS = {"real": PromptReports, "unclaimed": Unclaimed, "heedless": Heedless, "trusting": Trusting}


def judging(child):
    """Who is at which night is told to the experiment: it strikes there."""

    def judge(night, claim):
        note("judging", f"{night} {os.getpid()}")
        return child(night, claim)

    return judge


def note(name, line):
    """Appended at once: a kill loses nothing of it."""
    handle = os.open(Path(os.environ["NIGHTS_FOLDER"], name), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


def main():
    asked = options().parse_args()
    shown = Time(Path(os.environ["NIGHTS_FOLDER"]), asked.name)
    place = open_place()
    area = TimedArea(place.reports.store, shown, random.Random(asked.seed), asked.deadly)  # noqa: S311 - a test's dice
    rounds = Rounds(
        replace(place, reports=KINDS[asked.kind](area)),
        NullMetrics(),
        judging(ChildJudge(os.environ, BEAT_S)),
        now=shown.now,
        limit_s=LIMIT_S,
        post=Announced(),
    )
    while True:
        try:
            rounds.once()
        except PicklefleetError as problem:
            sys.stderr.write(f"{problem}\n")
        time.sleep(NAP_S)


def _seconds(path):
    try:
        return timedelta(seconds=float(path.read_text()))
    except FileNotFoundError:
        return timedelta()


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--kind", choices=KINDS, default="real")
    parser.add_argument("--deadly", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
