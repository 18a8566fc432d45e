"""One attempt to hand a letter to a mail server, and exactly what came of it: nothing is assumed, nothing is retried.

The moment that matters is the end of DATA. Before it nothing was delivered, whatever went wrong; when the line
breaks after it, nobody knows.
"""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from drift_jobs.mail.wording import printable
from lifecycle.converters import Secret

Outcome = Literal["sent", "deferred", "refused", "in-doubt"]
_ANSWER_WIDTH = 200


@dataclass(frozen=True, slots=True)
class Server:
    """`timeout_s` is for each answer, `limit_s` for the whole attempt: a server may be slow in many small steps.

    `security`: starttls, tls, or none (the settings take that for this very machine alone).
    """

    host: str
    port: int
    security: str
    user: str = ""
    password: Secret[str] = field(default_factory=lambda: Secret(""))
    ca_file: str = ""
    timeout_s: float = 60.0
    limit_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """`sent` when the server took it for at least one. Refused is for good, deferred is for now; each with what the
    server said. In doubt: `accepted` may have it or not.
    """

    outcome: Outcome
    accepted: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    deferred: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    sender: str
    recipients: tuple[str, ...]
    message: bytes


class _NoTlsError(Exception):
    """The server does not offer what the settings ask for."""


def deliver(server: Server, envelope: Envelope, before_data: Callable[[], None]) -> Delivery:
    """Never raises for what a server or a network does. `before_data` is called right before it may be delivered."""
    stage = _Stage()
    smtp = _client(server)
    watchdog = threading.Timer(server.limit_s, _cut, (smtp,))
    watchdog.daemon = True
    watchdog.start()
    try:
        _open(smtp, server)
        return _hand_over(smtp, envelope, before_data, stage)
    except ssl.SSLCertVerificationError as problem:
        return _nothing(envelope, f"Its certificate was refused: {problem.verify_message}.")
    except smtplib.SMTPAuthenticationError as problem:
        return _nothing(
            envelope, f"It refused the user or the password: {_answer(problem.smtp_code, problem.smtp_error)}"
        )
    except (OSError, smtplib.SMTPException, _NoTlsError) as problem:
        told = f"{type(problem).__name__}: {printable(str(problem))[:_ANSWER_WIDTH]}"
        if stage.may_be_there:
            return Delivery("in-doubt", stage.accepted, stage.refused, stage.deferred, f"After DATA: {told}")
        return _nothing(envelope, told)
    finally:
        watchdog.cancel()
        _close(smtp)


@dataclass(slots=True)
class _Stage:
    """How far an attempt came."""

    may_be_there: bool = False
    accepted: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)
    deferred: dict[str, str] = field(default_factory=dict)


def _client(server: Server) -> smtplib.SMTP:
    """Not connected yet."""
    if server.security == "tls":
        return smtplib.SMTP_SSL(timeout=server.timeout_s, context=_context(server))
    return smtplib.SMTP(timeout=server.timeout_s)


def _context(server: Server) -> ssl.SSLContext:
    """Certificate and name are always checked."""
    return ssl.create_default_context(cafile=server.ca_file or None)


def _open(smtp: smtplib.SMTP, server: Server) -> None:
    smtp._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001 - what TLS checks the name against
    code, said = smtp.connect(server.host, server.port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, said)
    smtp.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        if not smtp.has_extn("starttls"):
            raise _NoTlsError("The server offers no STARTTLS, and mail is not sent in the clear.")
        smtp.starttls(context=_context(server))
        smtp.ehlo_or_helo_if_needed()
    if server.user:
        smtp.login(server.user, server.password.value)


def _hand_over(
    smtp: smtplib.SMTP, envelope: Envelope, before_data: Callable[[], None], stage: _Stage
) -> Delivery:
    size = [f"size={len(envelope.message)}"] if smtp.has_extn("size") else []
    code, said = smtp.mail(envelope.sender, size)
    if code != 250:
        return _of_all(envelope.recipients, stage, code, said)
    for recipient in envelope.recipients:
        code, said = smtp.rcpt(recipient)
        if code in {250, 251}:
            stage.accepted = (*stage.accepted, recipient)
        else:
            (stage.refused if code >= 500 else stage.deferred)[recipient] = _answer(code, said)
    if not stage.accepted:
        outcome: Outcome = "deferred" if stage.deferred else "refused"
        return Delivery(outcome, (), stage.refused, stage.deferred, "It took no recipient.")
    return _data(smtp, envelope, before_data, stage)


def _data(smtp: smtplib.SMTP, envelope: Envelope, before_data: Callable[[], None], stage: _Stage) -> Delivery:
    before_data()
    code, said = smtp.docmd("DATA")
    if code == 354:
        stage.may_be_there = True
        smtp.send(_dotted(envelope.message))
        code, said = smtp.getreply()
    if code != 250:
        return _of_all(stage.accepted, stage, code, said)
    return Delivery("sent", stage.accepted, stage.refused, stage.deferred)


def _of_all(recipients: tuple[str, ...], stage: _Stage, code: int, said: bytes) -> Delivery:
    """The server's answer goes for all of these."""
    answer = _answer(code, said)
    if code == -1:
        raise smtplib.SMTPServerDisconnected("The connection ended.")
    each = dict.fromkeys(recipients, answer)
    if code >= 500:
        refused = stage.refused | each
        return Delivery("deferred" if stage.deferred else "refused", (), refused, stage.deferred, answer)
    return Delivery("deferred", (), stage.refused, stage.deferred | each, answer)


def _nothing(envelope: Envelope, problem: str) -> Delivery:
    return Delivery("deferred", (), {}, dict.fromkeys(envelope.recipients, problem), problem)


def _dotted(message: bytes) -> bytes:
    """As DATA wants it: a dot that begins a line is doubled, a dot alone ends it all."""
    return re.sub(rb"(?m)^\.", b"..", message).removesuffix(b"\r\n") + b"\r\n.\r\n"


def _answer(code: int, said: bytes | str) -> str:
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    return printable(f"{code} {text}".replace("\n", " "))[:_ANSWER_WIDTH]


def _cut(smtp: smtplib.SMTP) -> None:
    """The attempt took too long: whoever waits for the socket is woken by its end."""
    sock = smtp.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _close(smtp: smtplib.SMTP) -> None:
    """What was delivered is delivered, whatever becomes of the goodbye."""
    with suppress(OSError, smtplib.SMTPException):
        if smtp.sock is not None:
            smtp.sock.settimeout(2.0)
            smtp.quit()
    smtp.close()
