"""A renewed certificate is shown by a running HAProxy, without a drop; one that does not fit is refused."""

import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from agent.certificates import CertificateRounds
from agent.edge_proxy.configuration import Listener
from agent.edge_proxy.runtime_socket import EdgeRefusedError
from tests.edge import needs_haproxy
from tests.fakes import RecordingMetrics
from tests.prove.machine import free_port

pytestmark = needs_haproxy


def pem(days, *, key=None, signer=None):
    """A certificate of its own with its key; `signer`: the key that it really belongs to."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = signer or key
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "edge.example.org")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(signer.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days)).sign(signer, hashes.SHA256())
    )  # fmt: skip
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM) + b"\n" + text


@pytest.fixture
def tls(machine, tmp_path):
    file = tmp_path / "edge.pem"
    file.write_bytes(pem(20))
    machine.tls_port = free_port()
    plain = machine.edge.listeners[0]
    machine.change(listeners=[plain, Listener(f"127.0.0.1:{machine.tls_port}", str(file))])
    machine.start("blue")
    machine.certificate = file
    return machine


@pytest.fixture
def rounds(tls):
    return CertificateRounds(tls.proxy.runtime, "m1", RecordingMetrics())


def shown(machine):
    return ssl.get_server_certificate(("127.0.0.1", machine.tls_port))


def first(file):
    return file.read_text().split("-----END")[0]


def test_the_days_left_are_told(rounds):
    rounds.once()

    assert 19.9 < rounds.metrics.gauges["edge_certificate_days_left.m1"] <= 20


def test_a_renewed_one_is_shown_and_open_connections_stay(tls, rounds):
    kept = tls.connect()
    kept.request("GET", "/")
    kept.getresponse().read()
    before = shown(tls)

    tls.certificate.write_bytes(pem(90))
    rounds.once()

    assert shown(tls) != before
    assert shown(tls).startswith(first(tls.certificate))
    assert rounds.metrics.gauges["edge_certificate_days_left.m1"] > 89
    kept.request("GET", "/")
    assert kept.getresponse().status == 200


def test_the_same_file_changes_nothing(tls, rounds):
    before = shown(tls)

    rounds.once()

    assert shown(tls) == before


def test_one_whose_key_does_not_fit_is_refused_and_the_old_one_stays(tls, rounds):
    before = shown(tls)
    tls.certificate.write_bytes(pem(90, signer=ec.generate_private_key(ec.SECP256R1())))

    with pytest.raises(EdgeRefusedError, match="refused"):
        rounds.once()

    assert shown(tls) == before
    tls.certificate.write_bytes(pem(90))
    rounds.once()
    assert shown(tls) != before


def test_without_tls_nothing_is_told(machine):
    machine.start("blue")
    rounds = CertificateRounds(machine.proxy.runtime, "m1", RecordingMetrics())

    rounds.once()

    assert rounds.metrics.gauges == {}
