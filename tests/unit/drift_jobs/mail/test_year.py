"""A hundred nights, three workers that die at any write, and a mail server with moods."""

import json
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from drift_jobs.mail.delivery import Mailer
from drift_jobs.mail.letter import Letter
from drift_jobs.mail.letters import night_key
from drift_jobs.mail.outbox import Outbox
from drift_jobs.mail.post import PostOffice
from drift_jobs.mail.smtp import Server
from drift_jobs.mail.snoozes import Snoozes
from drift_jobs.reports import Reports
from lifecycle import clock
from tests.fakes import RecordingMetrics
from tests.mail_servers import Script, scripted_server
from tests.report_builders import report
from tests.simulated_store import Killed, SimulatedArea

FIRST, NIGHTS = date(2013, 8, 1), 100


class PlainOffice(PostOffice):
    """The real one, but for what letters and pages look like: these are drawn elsewhere."""

    def letter(self, document):
        return Letter(night_key(document), f"night {document['night']}", "text", "<p>html</p>")

    def keep(self, document):
        return ""


class World:
    def __init__(self, seed, monkeypatch):
        self.random = random.Random(seed)  # noqa: S311 - the dice of a simulation
        self.now = datetime(2013, 8, 1, 12, tzinfo=UTC)
        self.deadly = self.moody = 0.0
        self.taken = []
        self.area = SimulatedArea(lambda: self.now, self._fate)
        self.script = Script(answers={"MAIL": self._mood, "DATA": self._data_mood}, after_data=self._end)
        monkeypatch.setattr(clock, "monotonic", self.seconds)

    def seconds(self):
        return self.now.timestamp()

    def _fate(self):
        if self.random.random() < self.deadly:
            raise Killed

    def _mood(self, _):
        return self.random.choice(["451 later", None]) if self.random.random() < self.moody else "250 fine"

    def _data_mood(self, _):
        return None if self.random.random() < self.moody else "354 go on"

    def _end(self, body):
        """What is put off was not taken; when the line breaks the server may well have it."""
        moody = self.random.random() < self.moody
        answer = self.random.choice(["451 later", None, "250 taken"]) if moody else "250 taken"
        if answer != "451 later":
            self.taken.append(body)
        return answer

    def office(self, port):
        server = Server("127.0.0.1", port, "none", timeout_s=5.0, limit_s=20.0)
        box, to = Outbox(self.area), ("ops@example.org",)
        mailer = Mailer(box, server, "nights@example.org", to, RecordingMetrics(), lambda: self.now)
        return PlainOffice(Reports(self.area), Snoozes(self.area), mailer, now=lambda: self.now)

    def judge(self, night):
        """Whoever makes the report may die before telling anybody."""
        document = report(night=night.isoformat())
        key = f"{night}/report.json"
        if not self.area.exists(key):
            self.area.create(key, json.dumps(document).encode())
        return document


def live(world, port):
    offices = [world.office(port) for _ in range(3)]
    for step in range(NIGHTS):
        night = FIRST + timedelta(days=step)
        world.now = datetime(2013, 8, 2, 2, 5, tzinfo=UTC) + timedelta(days=step)
        world.deadly, world.moody = 0.1, 0.4
        for _ in range(12):
            office = world.random.choice(offices)
            try:
                office.announce(world.judge(night))
                office.once()
            except Killed:
                pass
            world.now += timedelta(minutes=world.random.choice([5, 20, 90]))
        world.deadly = world.moody = 0.0
        world.now += timedelta(hours=1)
        offices[0].once()
    world.now += timedelta(hours=2)
    offices[0].once()
    return offices[0].mailer.outbox


@pytest.mark.parametrize("seed", [1, 2])
def test_each_report_arrives_at_most_once_more_with_the_same_id_or_it_is_told(monkeypatch, seed):
    world = World(seed, monkeypatch)
    with scripted_server(world.script) as port:
        box = live(world, port)

    copies = Counter()
    ids = {}
    for body in world.taken:
        head = dict(
            line.split(b": ", 1) for line in body.split(b"\r\n\r\n")[0].split(b"\r\n") if b": " in line
        )
        copies[head[b"Subject"].decode()] += 1
        ids.setdefault(head[b"Subject"], set()).add(head[b"Message-ID"])
    nights = {f"night {FIRST + timedelta(days=step)}" for step in range(NIGHTS)}
    posted = {one.letter.subject: one for one in box.all(FIRST + timedelta(days=50))}

    assert posted.keys() == nights
    assert max(copies.values()) == 2, "the moods were too mild to show anything, or a third copy went out"
    assert all(len(each) == 1 for each in ids.values())
    assert not [one for one in posted.values() if one.end is None]
    lost = nights - copies.keys()
    told = {subject for subject, one in posted.items() if "may have arrived" in one.told["reason"]}
    assert lost <= told, "where nobody can know, that is what is said"
    assert len(told) < NIGHTS / 5
