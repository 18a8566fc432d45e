"""`picklefleet report` over a real store and a real mail server."""

import json
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from click.testing import CliRunner

from lifecycle import clock
from lifecycle.adapters.object_store import open_store
from picklefleet.__main__ import main
from tests.mail_servers import Script, scripted_server
from tests.report_builders import finding, report, shifted


@pytest.fixture
def reports(settings):
    area = open_store(settings).area("reports")
    for one in (
        report(finding("delay"), night="2013-07-31"),
        report(shifted("delay"), shifted("gust", "severe", 0.9)),
    ):
        area.create(f"{one['night']}/report.json", json.dumps(one).encode())
    return area


@pytest.fixture
def run(settings, monkeypatch):
    for name in ("store", "machine_dir", "keys_dir"):
        monkeypatch.setenv(
            f"PICKLEFLEET_{name.upper()}", str(getattr(settings, name)).removeprefix("file://")
        )
    return lambda *arguments: CliRunner().invoke(main, ["report", *arguments])


@pytest.fixture
def mailing(monkeypatch):
    def to(port):
        given = {
            "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none",
            "MAIL_FROM": "nights@example.org", "MAIL_TO": "ops@example.org",
        }  # fmt: skip
        for name, value in given.items():
            monkeypatch.setenv(f"PICKLEFLEET_{name}", value)

    return to


def test_a_preview_prints_the_mail_and_sends_and_keeps_nothing(run, reports, tmp_path):
    before = reports.list()
    done = run("preview", "--into", str(tmp_path / "out"))

    assert done.exit_code == 0
    assert done.stdout.startswith("Subject: [severe] flights v1: gust shifted, PSI 0.90, 1 more")
    assert "SINCE 2013-07-31" in done.stdout
    message = message_from_bytes((tmp_path / "out" / "2013-08-01.eml").read_bytes(), policy=policy.default)
    assert message["Subject"].startswith("[severe]")
    assert (tmp_path / "out" / "2013-08-01.html").read_text().startswith("<!doctype html>")
    assert reports.list() == before


def test_the_kept_page_is_printed_and_made_up_where_it_is_missing(run, reports):
    first, again = run("show", "--html"), run("show", "2013-08-01", "--html")

    assert first.stdout.startswith("<!doctype html>")
    assert first.stdout == again.stdout
    assert reports.exists("2013-08-01/report.html")


def test_a_test_mail_arrives(run, mailing):
    script = Script()
    with scripted_server(script) as port:
        mailing(port)
        done = run("mail", "--test")

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "Sent to ops@example.org.")
    assert b"Subject: [test]" in script.messages[0]


def test_a_test_mail_that_does_not_arrive_says_why(run, mailing):
    with scripted_server(Script(answers={"RCPT": "550 no such user"})) as port:
        mailing(port)
        done = run("mail", "--test")

    assert done.exit_code == 1
    assert "ops@example.org: 550 no such user" in done.output


def test_a_report_is_mailed_once_by_hand(run, reports, mailing):
    script = Script()
    with scripted_server(script) as port:
        mailing(port)
        first, second = run("mail"), run("mail")
        assert len(script.messages) == 1
        copy = run("mail", "--again")

    assert [one.exit_code for one in (first, second, copy)] == [0, 0, 0]
    assert "It is in the outbox already" in second.output
    ids = {re.search(rb"Message-ID: (.*)\r", body)[1] for body in script.messages}
    assert (len(script.messages), len(ids)) == (2, 1)


def test_the_outbox_tells_what_waits_and_why(run, mailing):
    with scripted_server(Script(answers={"MAIL": "451 later"})) as port:
        mailing(port)
        waiting = run("mail", "--test")
        shown, listed = run("outbox"), json.loads(run("outbox", "--json").stdout)

    assert "The worker tries again" in waiting.output
    assert "waiting" in shown.stdout
    assert "451 later" in shown.stdout
    assert [one["end"] for one in listed] == [None]


def test_without_a_server_it_says_what_to_set(run):
    done = run("mail", "--test")

    assert done.exit_code == 2
    assert "PICKLEFLEET_SMTP_HOST" in done.output


def test_what_is_known_is_snoozed_and_said_so(run, reports):
    done = run("snooze", "delay", "--for", "7d", "--reason", "the new terminal")
    shown, preview = run("snooze"), run("preview")

    assert done.stdout == "delay is snoozed until 2013-08-08, unless it gets worse than on 2013-08-01.\n"
    assert "delay: drift, 2013-08-01 to 2013-08-08" in shown.stdout
    assert "1 snoozed (night 2013-08-01)" in preview.stdout
    assert "“the new terminal”" in " ".join(preview.stdout.split())


def test_a_snooze_can_be_taken_back(run, reports):
    run("snooze", "delay", "--reason", "known")
    woken = run("snooze", "delay", "--wake")

    assert woken.stdout == "delay is loud again.\n"
    assert run("snooze").stdout == "Nothing is snoozed.\n"
    assert "1 more (night" in run("preview").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gust", "--reason", "x"], "severe mails always go"),
        (["origin", "--reason", "x"], "Found on that night: gust, delay"),
        (["delay"], "Say why with --reason"),
        (["delay", "--reason", "x", "--for", "a week"], "no number of days"),
        (["delay", "--wake"], "is not snoozed"),
    ],
)
def test_what_can_not_be_snoozed_is_refused(run, reports, arguments, told):
    done = run("snooze", *arguments)

    assert done.exit_code != 0
    assert told in done.output


def test_a_check_tells_which_reports_are_missing_by_its_exit_code(run, reports, add, crown, monkeypatch):
    moment = datetime(2013, 8, 2, 7, 59, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert run("check").exit_code == 0, "nothing was ever promoted"
    monkeypatch.setattr(clock, "now", lambda: datetime(2013, 7, 31, 9, tzinfo=UTC))
    crown(add())
    monkeypatch.setattr(clock, "now", lambda: moment)

    assert run("check").output == "Every report that is due is there.\n"
    reports.delete("2013-08-01/report.json")
    assert run("check").exit_code == 0, "it is late after six hours"
    monkeypatch.setattr(clock, "now", lambda: moment + timedelta(minutes=1))
    late = run("check")

    assert (late.exit_code, late.output) == (
        1,
        "No report yet of 2013-08-01. Is a worker running? picklefleet work\n",
    )
    assert json.loads(run("check", "--json").stdout) == {"late": ["2013-08-01"]}
