"""The flights story with the real parts: months pass through a running service, until a better model has taken over.

Nothing in it is made up: a service runs, nights are judged, a model is trained, and a rollout walks on real requests.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from lifecycle import clock
from lifecycle.errors import PicklefleetError
from lifecycle.window import Window
from picklefleet.replay_command import Flight, in_requests, read_flights, replay_request, sender_to
from samples.commands import Said
from samples.installation import Installation
from samples.ring import Ring

SEAL_S = 2
SHIPPED_S = 300
PLAN = "canary.yaml"
HELD_S = 3600  # a walk that is not held takes ten minutes

Tell = Callable[[str], None]
Place = Installation | Ring


@dataclass(frozen=True, slots=True)
class Pace:
    """From `first_day` on `stretch` days pass at a time, and the last `nights` of them are judged, until `last_day`;
    `steps` are those of the rollout, each at least a minute, none without; `days_after` pass with the champion that it
    leaves.
    """

    first_day: date
    stretch: int
    nights: int
    days_after: int
    steps: tuple[str, ...]
    last_day: date = date(2013, 9, 30)

    @property
    def plan(self) -> str:
        lines = (f"  - {{{step}, min_minutes: 1, max_minutes: 30}}" for step in self.steps)
        return "\n".join(("steps:", *lines)) + "\n"


SHADOW = "shadow: true, min_requests: 100"
HALF = "share: 50%, min_requests: 300"
STEPS = (SHADOW, "share: 10%, min_requests: 60", HALF)
WHOLE = Pace(date(2013, 4, 1), 28, 3, 3, STEPS)
QUICK = Pace(date(2013, 4, 1), 84, 3, 1, STEPS)


@dataclass(slots=True)
class Story:
    """What happened, for the page: the nights, the retrainings, the rollout and how good the answers were."""

    nights: list[dict[str, Any]] = field(default_factory=list)
    retrainings: list[tuple[date, int, str]] = field(default_factory=list)
    rollout: dict[str, Any] = field(default_factory=dict)
    performance: dict[str, Any] = field(default_factory=dict)
    mail: str = ""
    said: list[Any] = field(default_factory=list)


def play(folder: Path, files: Path, tell: Tell, pace: Pace) -> Story:
    """In an installation of its own. Raises PicklefleetError where a command of it fails."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    here = installation(folder)
    first_champion(here, files)
    story = drive(here, files, tell, pace)
    story.said = [_relative(said, folder) for said in here.said]
    return story


def drive(here: Place, files: Path, tell: Tell, pace: Pace) -> Story:
    """Where the first champion serves already. Raises PicklefleetError where a command of it fails."""
    story = Story()
    with here.serving():
        flights = _Flights(files / "flights-later.csv.gz", here, pace.first_day)
        challenger = _until_blessed(here, flights, story, tell, pace)
        if challenger and pace.steps:
            _roll_out(flights, challenger, story, tell, pace)
        _after(here, flights, story, pace)
    story.said = here.said
    return story


@dataclass(slots=True)
class _Flights:
    data: Path
    here: Place
    day: date

    def of(self, first: date, last: date) -> list[Flight]:
        window = Window(_midnight(first), _midnight(last))
        return read_flights(self.data, self.here.manifest().signature, window)

    def pass_days(self, days: int) -> list[date]:
        """Each hour's flights in one request, and what became of them a day later by their own clock."""
        passed = [self.day + timedelta(days=number) for number in range(days)]
        flights = self.of(self.day, self.day + timedelta(days=days))
        send = sender_to(self.here.base)
        for hour in in_requests(flights):
            replay_request(hour, send)
        self.day += timedelta(days=days)
        self._until_shipped(passed[0], len(flights), sum(flight.actual is not None for flight in flights))
        return passed

    def _until_shipped(self, first: date, asked: int, known: int) -> None:
        """What was answered is judged when it has reached the store."""
        begun, seen = clock.monotonic(), (0, 0)
        while clock.monotonic() - begun < SHIPPED_S:
            coverage = self.here.ask("performance", "--last", f"{first}..{self.day}")["coverage"]
            seen = coverage["seen"], coverage["labelled"]
            if seen[0] >= asked and seen[1] >= known:
                return
            time.sleep(2)
        raise PicklefleetError(
            f"{seen[0]:,} of {asked:,} answers and {seen[1]:,} of {known:,} true values have reached the store in "
            f"{SHIPPED_S} s.",
            fix="See what the agent logs.",
        )

    @contextmanager
    def one_by_one(self) -> Iterator[None]:
        """The next two weeks' flights again and again, each a request of its own, while the rollout walks."""
        stop = threading.Event()
        coming = self.of(self.day, self.day + timedelta(days=14))
        asking = [
            threading.Thread(target=_ask, args=(coming[part::2], self.here.base, stop)) for part in range(2)
        ]
        for thread in asking:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in asking:
                thread.join(60)


def installation(folder: Path) -> Installation:
    settings = {name: str(folder / name.lower()) for name in ("STORE", "KEYS_DIR")}
    settings |= {"MACHINE_DIR": str(folder / "machine"), "REPLAY": "1", "SEAL_AGE_S": str(SEAL_S)}
    return Installation(folder, settings | {"AGENT_POLL_S": "1", "WORKERS": "2", "LOG_LEVEL": "warning"})


def first_champion(here: Installation, files: Path) -> None:
    here.run("trust", "init", quiet=True)
    reference = ("--reference", files / "flights-reference.csv", "--target", "arrival")
    columns = ("--time", "scheduled_at", "--fold", "fold", "--sample", files / "flights-sample.csv")
    here.run("register", files / "flights.pkl", "--name", "flights", *reference, *columns, quiet=True)
    here.run("approve", "v1")
    here.run("promote", "v1", "--reason", "the first model")


def _until_blessed(here: Place, flights: _Flights, story: Story, tell: Tell, pace: Pace) -> str:
    """Months pass and nights are judged; the first challenger that is better ends it. Empty when none was."""
    while flights.day < pace.last_day:
        if _judge(here, flights.pass_days(pace.stretch)[-pace.nights :], story, tell):
            version = _retrain(here, flights.day, story, tell)
            if version:
                return version
    return ""


def _judge(here: Place, nights: list[date], story: Story, tell: Tell) -> bool:
    """Until one of them asks for a new model."""
    for night in nights:
        report = here.ask("work", "--once", night.isoformat())
        story.nights.append(report)
        tell(f"{night}  {report['decision']['reason']}")
        if report["decision"]["retrain"]:
            return True
    return False


def _retrain(here: Place, as_of: date, story: Story, tell: Tell) -> str:
    """The version of a blessed challenger, else nothing: the story goes on until there is one."""
    before = {entry["version"] for entry in here.ask("versions")}
    moment = f"{as_of}T02:00:00Z"
    output = here.run("retrain", "run", "--as-of", moment, allowed=(0, 3, 5, 75))
    exit_code = here.said[-1].exit_code
    story.retrainings.append((as_of, exit_code, output))
    made = [entry["version"] for entry in here.ask("versions") if entry["version"] not in before]
    tell(f"{as_of}  retraining ended with {exit_code}: {', '.join(made) or 'no challenger'}")
    return str(made[-1]) if made and exit_code == 0 else ""


def _roll_out(flights: _Flights, version: str, story: Story, tell: Tell, pace: Pace) -> None:
    here = flights.here
    plan = here.keep(PLAN, pace.plan)
    here.run("approve", version)
    tell(f"rollout of {version} begins")
    held = threading.Timer(HELD_S, _abort, (here,))
    held.daemon = True
    held.start()
    with flights.one_by_one():
        here.run("rollout", "start", version, "--plan", plan, allowed=(0, 1))
    held.cancel()
    flights.day += timedelta(days=14)
    here.run("rollout", "status")
    story.rollout = here.ask("rollout", "status")
    tell(f"rollout ended: {story.rollout['ended']['outcome']}")


def _abort(here: Place) -> None:
    """What holds waits for a person, and the story has none."""
    here.run("rollout", "abort", "--reason", "it held, and nobody decided", allowed=(0, 1))


def _after(here: Place, flights: _Flights, story: Story, pace: Pace) -> None:
    """Some days more with whoever is champion now, and the mail of the last of their nights."""
    for night in flights.pass_days(pace.days_after):
        story.nights.append(here.ask("work", "--once", night.isoformat()))
    story.mail = here.run("report", "preview", story.nights[-1]["night"], quiet=True)
    here.run("policy", "history")
    last = f"{pace.first_day}..{flights.day}"
    story.performance = here.ask("performance", "--last", last)
    here.run("performance", "--last", last)


def _relative(said: Said, folder: Path) -> Said:
    """Wherever it was played, the page is the same."""
    here, there = str(folder), f"var/{folder.name}"
    return Said(said.command.replace(here, there), said.output.replace(here, there), said.exit_code)


def _ask(flights: list[Flight], base: str, stop: threading.Event) -> None:
    send = sender_to(base)
    for flight in cycle(flights):
        if stop.wait(0.03):
            return
        send("predict", {"instances": [flight.instance]}, flight.at)


def _midnight(day: date) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+00:00")
