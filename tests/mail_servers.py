"""Real mail servers for tests: a good one with STARTTLS and a password, and one that misbehaves as it is told."""

import datetime as dt
import ipaddress
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "nights", "correct horse"


@dataclass(frozen=True)
class Authority:
    """A certificate authority of our own: its certificate, and a server's certificate with key, as files."""

    ca: Path
    server: Path

    def context(self) -> SSLContext:
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context


def make_authority(folder: Path, *, host: str = "localhost") -> Authority:
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _certificate("Tests' own authority", ca_key, ca_key, None)
    leaf = _certificate(host, key, ca_key, ca)
    authority = Authority(folder / "ca.pem", folder / "server.pem")
    authority.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    authority.server.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + private)
    return authority


def _certificate(name: str, key: Any, issuer_key: Any, issuer: Any) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName(name.replace("'", "").replace(" ", "-"))]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    usage = x509.KeyUsage(*[True] + [False] * 4 + [issuer is None] * 2 + [False] * 2)
    building = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    return building.sign(issuer_key, hashes.SHA256())


@dataclass
class Inbox:
    """What the good server took: the envelope's recipients and the message, in order."""

    got: list[tuple[list[str], Any]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.got.append((list(envelope.rcpt_tos), message))
        return "250 taken"


@contextmanager
def good_server(authority: Authority, inbox: Inbox, password: str = PASSWORD) -> Iterator[int]:
    """STARTTLS and a password are both required. The port."""

    def authenticate(_server, _session, _envelope, _mechanism, given):
        fine = isinstance(given, LoginPassword) and (given.login, given.password) == (
            USER.encode(),
            password.encode(),
        )
        return AuthResult(success=True) if fine else AuthResult(success=False, handled=False)

    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=_free_port(),  # the controller knocks at the port that it was given: 0 is none
        tls_context=authority.context(),
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@dataclass
class Script:
    """A server's answer to each command; `None` drops the connection. `messages` are those whose end was seen."""

    greeting: str | None = "220 hello"
    answers: dict[str, Any] = field(default_factory=dict)
    after_data: Any = "250 taken"
    messages: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def answer(self, command: str) -> str | None:
        verb = command.split(" ", maxsplit=1)[0].split(":", maxsplit=1)[0].upper()
        usual = {"EHLO": "250 hello", "DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 fine")
        given = self.answers.get(command.strip(), self.answers.get(verb, usual))
        return given(command) if callable(given) else given


@contextmanager
def scripted_server(script: Script) -> Iterator[int]:
    """Speaks SMTP in the clear, and does what the script says. The port."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            if not self._say(script.greeting):
                return
            while line := self.rfile.readline():
                command = line.decode("ascii", "replace").strip()
                script.commands.append(command)
                said = script.answer(command)
                if not self._say(said):
                    return
                if said.startswith("354") and not self._data():
                    return

        def _data(self):
            body = b""
            while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                body += line[1:] if line.startswith(b".") else line
            script.messages.append(body)
            end = script.after_data
            return self._say(end(body) if callable(end) else end)

        def _say(self, text):
            if text is None:
                return False
            self.wfile.write(text.encode() + b"\r\n")
            return True

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
