"""The certificates that the edge proxy shows: brought in when their file has changed, without a drop; and how long they hold."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1

from agent.edge_proxy.runtime_socket import EdgeRefusedError, EdgeUnreachableError, RuntimeSocket
from agent.repeating import repeat
from lifecycle import clock
from lifecycle.errors import PicklefleetError
from lifecycle.logs import get_logger
from lifecycle.metrics import Metrics

EVERY_S = 60.0
_DAY_S = 86_400

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate as HAProxy has it loaded. `fingerprint` is SHA-1's, in capital hexadecimal digits."""

    file: Path
    fingerprint: str
    ends: datetime

    def days_left(self, now: float) -> float:
        return (self.ends.timestamp() - now) / _DAY_S


@dataclass(frozen=True, slots=True)
class CertificateRounds:
    """`runtime` is the edge proxy's; what it shows is asked of it: no setting names the files a second time."""

    runtime: RuntimeSocket
    machine: str
    metrics: Metrics

    def run(self, stop: threading.Event) -> None:
        repeat(self._try_once, EVERY_S, stop, max_pause_s=EVERY_S)

    def once(self) -> None:
        """Raises PicklefleetError where HAProxy does not answer, or refuses a certificate."""
        for shown in list(self._shown()):
            if _fingerprint(shown.file) != shown.fingerprint:
                self._install(shown.file)
        left = [shown.days_left(clock.unix_ms() / 1000) for shown in self._shown()]
        if left:
            self.metrics.gauge("edge_certificate_days_left", round(min(left), 2), machine=self.machine)

    def _shown(self) -> Iterator[Shown]:
        names = self.runtime.ask("show ssl cert").splitlines()
        for name in names:
            if name and not name.startswith(("#", "*")):
                yield shown_of(self.runtime.ask(f"show ssl cert {name}"))

    def _install(self, file: Path) -> None:
        """Both steps, or the old certificate stays: HAProxy checks that key and certificate belong together."""
        answer = self.runtime.ask(f"set ssl cert {file} <<\n{_without_blank_lines(file)}\n")
        if "ransaction" not in answer:
            raise EdgeRefusedError(
                f"The edge proxy refused {file}: {answer.strip()}", fix="The old one stays."
            )
        answer = self.runtime.ask(f"commit ssl cert {file}")
        if "Success" not in answer:
            self.runtime.ask(f"abort ssl cert {file}")
            raise EdgeRefusedError(
                f"The edge proxy refused {file}: {answer.strip()}", fix="The old one stays."
            )
        log.info("certificate_installed", file=file.name)

    def _try_once(self) -> bool:
        try:
            self.once()
        except EdgeUnreachableError as problem:
            log.debug("certificates_not_asked", problem=str(problem))
            return False
        except (OSError, ValueError, PicklefleetError) as problem:
            log.warning("certificates_not_seen", problem=str(problem), kind=type(problem).__name__)
            return False
        return True


def shown_of(text: str) -> Shown:
    """From HAProxy's own description. Raises ValueError for another."""
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    try:
        ends = datetime.strptime(fields["notAfter"], "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
        return Shown(Path(fields["Filename"]), fields["SHA1 FingerPrint"], ends)
    except KeyError as missing:
        raise ValueError(f"HAProxy tells no {missing} of a certificate.") from None


def _fingerprint(file: Path) -> str:
    """Of the first certificate of a PEM file. Raises ValueError where there is none."""
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303 - HAProxy's name for it, no signature


def _without_blank_lines(file: Path) -> str:
    """A blank line would end what is sent."""
    lines = file.read_text(encoding="ascii").splitlines()
    return "".join(f"{line}\n" for line in lines if line.strip())
