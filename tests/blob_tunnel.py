"""Terraform's azurerm backend to a running Azurite: it knows no address but Azure's own, over TLS and by a proxy.

So this is that proxy: it ends the TLS of `<account>.blob.core.windows.net` itself, with a certificate that Terraform is
told to believe, and passes on what is inside. On the way it sees leases come and go: the lock of a state.
"""

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Tunnel:
    def __init__(self, folder, endpoint, leased):
        parts = urlsplit(endpoint)
        self.account = parts.path.strip("/")
        self.certificate = folder / "blob.pem"
        self._to, self._leased = (parts.hostname, parts.port), leased
        self.certificate.write_bytes(_certificate(f"{self.account}.blob.core.windows.net"))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate)
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self):
        self._listening.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with suppress(OSError), client:
            asked = b""
            while not asked.endswith(b"\r\n\r\n"):
                asked += client.recv(4096)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with (
                self._context.wrap_socket(client, server_side=True) as inside,
                socket.create_connection(self._to) as azurite,
            ):
                wanted = []
                threading.Thread(
                    target=_pipe, args=(azurite, inside, lambda data: self._told(data, wanted)), daemon=True
                ).start()
                _pipe(inside, azurite, lambda data: self._asked(data, wanted))

    def _asked(self, data, wanted):
        for line in data.lower().split(b"\r\n"):
            if line.startswith(b"x-ms-lease-action:"):
                wanted.append(line.split(b":")[1].strip().decode())
            elif line.startswith(b"x-ms-meta-terraformlockid:"):
                wanted.append("named")

    def _told(self, data, wanted):
        """A lock is held when its lease is, and it says whose it is: Terraform writes that second."""
        if wanted and data.startswith(b"HTTP/1.1 "):
            action, status = wanted.pop(0), data[9:12]
            if (action, status) == ("named", b"200"):
                self._leased(True)
            elif action in {"release", "break"} and status.startswith(b"2"):
                self._leased(False)


@contextmanager
def blob_tunnel(folder, endpoint, leased):
    tunnel = Tunnel(folder, endpoint, leased)
    try:
        yield tunnel
    finally:
        tunnel.close()


def _pipe(source, target, seen):
    with suppress(OSError):
        while data := source.recv(1 << 16):
            seen(data)
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _certificate(name):
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who).issuer_name(who).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)
