"""The outbox against servers that are down, slow, unwilling or lost: the report arrives, late rather than never."""

from datetime import UTC, datetime, timedelta

import pytest

from drift_jobs.mail.delivery import Mailer
from drift_jobs.mail.letters import night_key, night_letter
from drift_jobs.mail.outbox import Outbox
from drift_jobs.mail.smtp import Server
from lifecycle.adapters.object_store import open_store
from lifecycle.converters import Secret
from tests.fakes import RecordingMetrics
from tests.mail_servers import PASSWORD, USER, Inbox, Script, good_server, make_authority, scripted_server
from tests.report_builders import report, shifted

FROM, TO = "nights@example.org", ("ops@example.org", "team@example.org")
LETTER = night_letter(report(shifted("delay")), [], {})
KEY = night_key(report())


class Office:
    """One store, a clock that can be moved, and mailers of as many workers as a test wants."""

    def __init__(self, store):
        self.outbox, self.now, self.metrics = (
            Outbox(store),
            datetime(2013, 8, 2, 2, 5, tzinfo=UTC),
            RecordingMetrics(),
        )

    def mailer(self, port, recipients=TO, **changes):
        server = Server(
            "127.0.0.1", port, **({"security": "none", "timeout_s": 5.0, "limit_s": 20.0} | changes)
        )
        return Mailer(self.outbox, server, FROM, recipients, self.metrics, lambda: self.now)

    def pass_by(self, **time):
        self.now += timedelta(**time)

    @property
    def end(self):
        return self.outbox.find(KEY).end


@pytest.fixture
def office(settings):
    return Office(open_store(settings).area("reports"))


def ids(script):
    return [
        line for body in script.messages for line in body.split(b"\r\n") if line.startswith(b"Message-ID:")
    ]


def attempt(office, script, times=1, **changes):
    with scripted_server(script) as port:
        for _ in range(times):
            mailer = office.mailer(port, **changes)
            mailer.queue(LETTER)
            mailer.deliver_all()
            office.pass_by(minutes=61)
    return script


def test_a_letter_arrives_once_however_often_the_outbox_is_looked_at(office, tmp_path):
    authority, inbox = make_authority(tmp_path), Inbox()
    private = {
        "security": "starttls", "user": USER, "password": Secret(PASSWORD), "ca_file": str(authority.ca)
    }  # fmt: skip
    with good_server(authority, inbox) as port:
        mailer = office.mailer(port, **private)
        assert [mailer.queue(LETTER), mailer.queue(LETTER)] == [True, False]
        assert [mailer.deliver_all(), mailer.deliver_all()] == [1, 0]

    ((recipients, message),) = inbox.got
    assert recipients == list(TO)
    assert message["Subject"] == LETTER.subject
    assert office.end == "sent"
    assert office.metrics.counts == {"mails.sent": 1}
    assert office.metrics.gauges["mails_undelivered"] == 0


@pytest.mark.parametrize(
    "trouble",
    [
        Script(greeting=None),
        Script(greeting="421 too busy"),
        Script(answers={"MAIL": "451 later"}),
        Script(answers={"RCPT": "450 greylisted"}),
        Script(answers={"DATA": None}),
        Script(after_data="452 disk full"),
    ],
)
def test_after_what_is_not_for_good_it_arrives_when_the_server_is_well_again(office, trouble):
    attempt(office, trouble, times=3)
    assert office.end is None
    assert office.mailer(1).alarm() == 1

    well = attempt(office, Script())

    assert len(well.messages) == 1
    assert office.end == "sent"
    assert office.mailer(1).alarm() == 0


def test_a_server_that_is_down_for_a_day(office):
    mailer = office.mailer(1)
    mailer.queue(LETTER)
    for _ in range(24 * 12):
        assert mailer.deliver_all() == 0
        office.pass_by(minutes=5)
    assert len(office.outbox.attempts(KEY)) <= 30, "it backs off to an hour"
    office.pass_by(hours=1)

    assert len(attempt(office, Script()).messages) == 1


def test_a_foreign_certificate_is_never_spoken_to(office, tmp_path):
    ours, theirs = make_authority(tmp_path / "ours"), make_authority(tmp_path / "theirs")
    inbox = Inbox()
    with good_server(theirs, inbox) as port:
        mailer = office.mailer(port, security="starttls", ca_file=str(ours.ca))
        mailer.queue(LETTER)
        mailer.deliver_all()

    assert not inbox.got
    assert office.outbox.attempts(KEY)[0].ended.problem.startswith("Its certificate was refused")


@pytest.mark.parametrize("answers", [{"MAIL": "550 not you"}, {"RCPT": "550 nobody"}, {"DATA": "554 spam"}])
def test_what_is_refused_for_good_is_kept_and_told_and_not_tried_again(office, answers):
    script = attempt(office, Script(answers=answers), times=4)

    assert [command.split(" ")[0] for command in script.commands].count("mail") == 1
    assert office.end == "failed"
    assert office.outbox.find(KEY).told["reason"]
    assert office.mailer(1).alarm() == 1
    assert office.outbox.message(KEY).startswith(b"Subject: [drift]")


def test_a_line_that_breaks_after_data_costs_one_more_copy_with_the_same_id_at_most(office):
    script = attempt(office, Script(after_data=None), times=6)

    assert len(script.messages) == 2
    assert len(set(ids(script))) == 1
    assert office.end == "failed"
    assert "may have arrived" in office.outbox.find(KEY).told["reason"]


def test_after_one_broken_line_the_second_copy_is_the_last(office):
    lost = attempt(office, Script(after_data=None))
    well = attempt(office, Script(), times=3)

    assert (len(lost.messages), len(well.messages)) == (1, 1)
    assert ids(lost) == ids(well)
    assert office.end == "sent"


def test_who_is_refused_is_told_and_the_others_have_it(office):
    script = attempt(office, Script(answers={f"rcpt TO:<{TO[0]}>": "550 nobody"}), times=2)

    assert len(script.messages) == 1
    told = office.outbox.find(KEY).told
    assert (told["accepted"], told["refused"]) == ([TO[1]], {TO[0]: "550 nobody"})


def test_who_could_not_take_it_yet_gets_it_alone_later(office):
    first = attempt(office, Script(answers={f"rcpt TO:<{TO[0]}>": "450 full"}))
    later = attempt(office, Script())

    assert len(first.messages) == len(later.messages) == 1
    assert [one for one in later.commands if one.startswith("rcpt")] == [f"rcpt TO:<{TO[0]}>"]
    assert office.end == "sent"


def test_two_workers_at_one_letter_send_it_once(office):
    other = []

    def while_first_is_at_it(command):
        other.append(office.mailer(1).deliver_all())
        return "250 fine"

    script = attempt(office, Script(answers={"MAIL": while_first_is_at_it}))

    assert other == [0]
    assert len(script.messages) == len(office.outbox.attempts(KEY)) == 1


class Killed(BaseException):
    """The worker died at this very moment."""


@pytest.mark.parametrize("moment", ["before_data", "after_data"])
def test_a_worker_that_dies_leaves_the_letter_to_the_next(office, monkeypatch, moment):
    def die(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Outbox, "about_to_send" if moment == "before_data" else "ended", die)
        with pytest.raises(Killed):
            attempt(office, Script())
    well = attempt(office, Script(), times=3)

    assert len(well.messages) == 1
    assert office.end == "sent"


def test_without_the_note_before_data_a_dying_worker_would_send_for_ever(office, monkeypatch):
    """The broken twin: what nobody wrote down can't be counted."""
    monkeypatch.setattr(Outbox, "about_to_send", lambda *_: None)

    def die(*_):
        raise Killed

    monkeypatch.setattr(Outbox, "ended", die)
    copies = 0
    for _ in range(4):
        script = Script()
        with pytest.raises(Killed):
            attempt(office, script)
        copies += len(script.messages)

    assert copies == 4


def test_a_quiet_letter_is_noted_and_never_sent(office):
    script = Script()
    with scripted_server(script) as port:
        mailer = office.mailer(port)
        mailer.queue(LETTER, quiet=True)
        mailer.deliver_all()

    assert office.end == "quiet"
    assert not script.messages


def test_a_letter_that_waits_for_the_next_attempt_is_left_alone_unless_a_person_asks(office):
    attempt(office, Script(answers={"MAIL": "451 later"}))
    office.now -= timedelta(minutes=61)
    with scripted_server(Script()) as port:
        mailer, letter = office.mailer(port), office.outbox.find(KEY).letter
        assert [mailer.deliver(letter), mailer.deliver(letter, at_once=True)] == [False, True]


def test_one_letter_that_can_not_be_read_costs_only_itself(office):
    """Somebody else's mistake in the store must not keep tonight's report from people."""
    office.outbox.store.create("outbox/2013-08-01-broken/letter.json", b"{")

    assert len(attempt(office, Script()).messages) == 1
