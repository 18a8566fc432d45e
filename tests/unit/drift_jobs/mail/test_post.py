"""What becomes of a report that was made: kept as a page, mailed once, made up by whoever comes next."""

import json
from datetime import UTC, date, datetime

import pytest

from drift_jobs.mail import letters
from drift_jobs.mail.letter import message_id
from drift_jobs.mail.post import PostOffice
from drift_jobs.mail.snoozes import Snoozes
from drift_jobs.reports import Reports
from tests.mail_servers import Script, scripted_server
from tests.report_builders import finding, report, shifted, snoozed
from tests.unit.drift_jobs.mail.test_delivery import KEY, Office

NIGHT = date(2013, 8, 1)


@pytest.fixture
def office(settings):
    from lifecycle.adapters.object_store import open_store

    return Office(open_store(settings).area("reports"))


def post_of(office, port=1, mailer=True, **more):
    store = office.outbox.store
    to = office.mailer(port) if mailer else None
    return PostOffice(Reports(store), Snoozes(store), to, now=lambda: office.now, **more)


def judged(office, *findings, **more):
    document = report(*findings, **more)
    office.outbox.store.create(f"{document['night']}/report.json", json.dumps(document).encode())
    return document


def test_a_report_is_mailed_and_kept_once(office):
    script, made = Script(), judged(office, shifted("delay"))
    with scripted_server(script) as port:
        post = post_of(office, port)
        for _ in range(2):
            post.announce(made)
            post.once()

    assert len(script.messages) == 1
    page = Reports(office.outbox.store).kept(NIGHT, "report.html")
    assert b"delay" in page
    assert b"data:image/png;base64," in page
    assert b"cid:" not in page


def test_what_a_dead_worker_left_is_made_up_by_the_next(office):
    judged(office, shifted("delay"))
    script = Script()
    with scripted_server(script) as port:
        post_of(office, port).once()

    assert len(script.messages) == 1
    assert Reports(office.outbox.store).kept(NIGHT, "report.html")


def test_the_past_is_kept_and_not_mailed(office):
    office.now = datetime(2026, 1, 1, tzinfo=UTC)
    post_of(office).announce(judged(office, shifted("delay")))

    assert not office.outbox.holds(KEY)
    assert Reports(office.outbox.store).kept(NIGHT, "report.html")


def test_without_a_server_reports_are_kept_all_the_same(office):
    post = post_of(office, mailer=False)
    post.announce(judged(office, shifted("delay")))
    post.missing([NIGHT])
    post.once()

    assert not office.outbox.all(NIGHT)
    assert Reports(office.outbox.store).kept(NIGHT, "report.html")


@pytest.mark.parametrize(
    ("findings", "snoozes", "end"),
    [
        ([finding("delay")], (), "quiet"),
        ([shifted("delay")], (), None),
        ([shifted("delay")], ("delay",), "quiet"),
        ([shifted("delay", "severe", 0.9)], ("delay",), None),
        ([shifted("delay", psi=0.6)], ("delay",), None),
    ],
)
def test_where_only_news_is_wanted_quiet_nights_are_noted_alone(office, findings, snoozes, end):
    post = post_of(office, only_news=True)
    for one in snoozed(*snoozes).values():
        post.snoozes.add(one)
    post.announce(judged(office, *findings))

    assert office.end == end


def test_a_recovery_is_news(office):
    judged(office, shifted("delay"), night="2013-07-31")
    post_of(office, only_news=True).announce(judged(office, finding("delay")))

    assert office.end is None


def test_a_missing_report_is_mailed_once_for_each_newest_night(office):
    script = Script()
    with scripted_server(script) as port:
        post = post_of(office, port, only_news=True)
        for nights in ([NIGHT], [NIGHT], [NIGHT, date(2013, 8, 2)]):
            post.missing(nights)
            post.once()

    subjects = [body.split(b"\r\n")[0] for body in script.messages]
    assert subjects == [
        b"Subject: [missing] 1 report missing: 2013-08-01",
        b"Subject: [missing] 2 reports missing: 2013-08-01 and 2013-08-02",
    ]


def test_a_page_that_can_not_be_made_is_mailed_in_plain_words(office, monkeypatch):
    monkeypatch.setattr(letters, "page_of", lambda *_, **__: {}["bug"])
    whole = letters.night_letter
    post_of(office).announce(judged(office, shifted("delay"), evidence=["delay is drift: PSI is 0.300."]))

    message = office.outbox.message(KEY)
    assert message.startswith(b"Subject: [drift] flights v1 (night 2013-08-01)")
    assert b"delay is drift: PSI is 0.300." in message
    monkeypatch.undo()
    assert message_id(whole(report(), [], {}), "nights@example.org").encode() in message


def test_the_kept_page_may_fetch_nothing(office):
    page = post_of(office, link="https://reports.example.org").keep(judged(office, shifted("delay")))

    assert "default-src 'none'; img-src data:" in page
    assert 'href="https://reports.example.org/2013-08-01/report.html"' in page
