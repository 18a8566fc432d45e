"""One attempt against real servers: what came of it is told exactly, whatever the server does."""

import socket
import threading
import time

import pytest

from drift_jobs.mail.smtp import Envelope, Server, deliver
from lifecycle.converters import Secret
from tests.mail_servers import (
    PASSWORD,
    USER,
    Inbox,
    Script,
    good_server,
    make_authority,
    scripted_server,
)

TO = ("ops@example.org", "team@example.org")
MESSAGE = b"Subject: hello\r\nMessage-ID: <1@example.org>\r\n\r\nfirst\r\n.a dot\r\n.\r\nlast\r\n"
ENVELOPE = Envelope("nights@example.org", TO, MESSAGE)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("authority"))


def attempt(port, *, envelope=ENVELOPE, before_data=lambda: None, **changes):
    server = Server("127.0.0.1", port, **({"security": "none", "timeout_s": 5.0, "limit_s": 10.0} | changes))
    return deliver(server, envelope, before_data)


def private(authority, **changes):
    return {
        "security": "starttls",
        "user": USER,
        "password": Secret(PASSWORD),
        "ca_file": str(authority.ca),
    } | changes


def test_a_letter_goes_through_starttls_and_a_password_unchanged(authority):
    inbox = Inbox()
    with good_server(authority, inbox) as port:
        delivery = attempt(port, **private(authority))

    assert (delivery.outcome, delivery.accepted) == ("sent", TO)
    ((recipients, message),) = inbox.got
    assert recipients == list(TO)
    assert message["Message-ID"] == "<1@example.org>"
    assert message.get_content().splitlines() == ["first", ".a dot", ".", "last"]


def test_tls_from_the_first_byte(authority):
    context = authority.context()
    listening = socket.create_server(("127.0.0.1", 0))
    script = [b"220 hello\r\n", b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"]

    def serve():
        raw, _ = listening.accept()
        with context.wrap_socket(raw, server_side=True) as channel, channel.makefile("rb") as lines:
            for said in script:
                channel.sendall(said)
                if said != script[-1]:
                    lines.readline()
            while lines.readline() not in {b".\r\n", b""}:
                pass
            channel.sendall(b"250 taken\r\n")
            lines.readline()

    thread = threading.Thread(target=serve)
    thread.start()
    with listening:
        delivery = attempt(listening.getsockname()[1], security="tls", ca_file=str(authority.ca))
        thread.join()

    assert delivery.outcome == "sent"


def test_a_wrong_password_is_for_a_person_to_mend_so_the_letter_waits(authority):
    inbox = Inbox()
    with good_server(authority, inbox) as port:
        delivery = attempt(port, **private(authority, password=Secret("wrong")))

    assert delivery.outcome == "deferred"
    assert delivery.problem.startswith("It refused the user or the password: 535")
    assert "wrong" not in delivery.problem
    assert not inbox.got


def test_a_certificate_of_a_stranger_is_refused(authority, tmp_path):
    stranger = make_authority(tmp_path)
    inbox = Inbox()
    with good_server(stranger, inbox) as port:
        delivery = attempt(port, **private(authority))

    assert delivery.outcome == "deferred"
    assert delivery.problem.startswith("Its certificate was refused:")
    assert not inbox.got


def test_a_certificate_for_another_name_is_refused(tmp_path):
    elsewhere = make_authority(tmp_path, host="mail.example.org")
    with good_server(elsewhere, Inbox()) as port:
        delivery = attempt(port, **private(elsewhere))

    assert delivery.problem.startswith("Its certificate was refused:")


def test_without_starttls_nothing_is_said_in_the_clear():
    script = Script()
    with scripted_server(script) as port:
        delivery = attempt(port, security="starttls", user=USER, password=Secret(PASSWORD))

    assert delivery.outcome == "deferred"
    assert "no STARTTLS" in delivery.problem
    assert not [command for command in script.commands if not command.startswith(("ehlo", "quit"))]


def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        delivery = attempt(taken.getsockname()[1])

    assert delivery.outcome == "deferred"
    assert set(delivery.deferred) == set(TO)


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (Script(greeting=None), "deferred"),
        (Script(greeting="554 no service"), "deferred"),
        (Script(greeting="421 too busy"), "deferred"),
        (Script(greeting="gibberish"), "deferred"),
        (Script(answers={"MAIL": "451 later"}), "deferred"),
        (Script(answers={"MAIL": "550 not you"}), "refused"),
        (Script(answers={"RCPT": "451 greylisted"}), "deferred"),
        (Script(answers={"RCPT": "550 no such user"}), "refused"),
        (Script(answers={"RCPT": None}), "deferred"),
        (Script(answers={"DATA": "451 later"}), "deferred"),
        (Script(answers={"DATA": "554 no"}), "refused"),
        (Script(answers={"DATA": None}), "deferred"),
        (Script(after_data="451 later"), "deferred"),
        (Script(after_data="554 spam"), "refused"),
        (Script(after_data="gibberish"), "in-doubt"),
        (Script(after_data=None), "in-doubt"),
        (Script(), "sent"),
        (Script(answers={"QUIT": None}), "sent"),
    ],
)
def test_each_answer_has_its_outcome(script, outcome):
    with scripted_server(script) as port:
        delivery = attempt(port)

    assert delivery.outcome == outcome
    assert outcome == "sent" or delivery.problem
    assert bool(script.messages) == (outcome in {"sent", "in-doubt"} or script.after_data != "250 taken")


def test_recipients_are_answered_for_one_by_one():
    refusing = {f"rcpt TO:<{TO[0]}>": "550 no such user", "rcpt TO:<later@example.org>": "450 full"}
    three = Envelope("nights@example.org", (*TO, "later@example.org"), MESSAGE)
    with scripted_server(Script(answers=refusing)) as port:
        delivery = attempt(port, envelope=three)

    assert (delivery.outcome, delivery.accepted) == ("sent", (TO[1],))
    assert delivery.refused == {TO[0]: "550 no such user"}
    assert delivery.deferred == {"later@example.org": "450 full"}


def test_what_is_about_to_happen_is_written_down_after_the_recipients_and_before_data():
    script, seen = Script(), []
    with scripted_server(script) as port:
        attempt(port, before_data=lambda: seen.append(script.commands[-1]))

    assert seen == [f"rcpt TO:<{TO[1]}>"]


def test_a_slow_server_is_waited_for():
    slow = Script(answers={"MAIL": lambda _: time.sleep(0.3) or "250 fine"})
    with scripted_server(slow) as port:
        assert attempt(port).outcome == "sent"


def test_a_server_that_never_answers_costs_one_timeout():
    hanging = threading.Event()
    script = Script(answers={"MAIL": lambda _: hanging.wait(20) and None})
    with scripted_server(script) as port:
        delivery = attempt(port, timeout_s=0.3)
        hanging.set()

    assert delivery.outcome == "deferred"


def test_a_server_that_is_slow_in_many_small_steps_costs_one_limit():
    done = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def dribble():
        channel, _ = listening.accept()
        with channel:
            while not done.wait(0.05):
                try:
                    channel.sendall(b"2")
                except OSError:
                    return

    thread = threading.Thread(target=dribble)
    thread.start()
    with listening:
        delivery = attempt(listening.getsockname()[1], timeout_s=30.0, limit_s=0.5)
        done.set()
        thread.join()

    assert delivery.outcome == "deferred"


def test_an_answer_lost_after_data_by_time_is_in_doubt():
    hanging = threading.Event()
    script = Script(after_data=lambda _: hanging.wait(20) and None)
    with scripted_server(script) as port:
        delivery = attempt(port, timeout_s=0.3)
        hanging.set()

    assert (delivery.outcome, delivery.accepted) == ("in-doubt", TO)


def test_what_a_server_says_is_cut_and_made_printable():
    with scripted_server(Script(answers={"MAIL": f"550 \x1b[31m{'x' * 400}"})) as port:
        delivery = attempt(port)

    assert "\x1b" not in delivery.problem
    assert len(delivery.problem) <= 200
