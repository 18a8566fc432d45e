"""The heavy part of a night in a process of its own: with limits, and without this process's memory at stake."""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from lifecycle import clock
from lifecycle.claims import Claim
from lifecycle.errors import PicklefleetError

MEMORY_BYTES = 16 << 30
BEAT_S = 60.0
FAILED = 3


class NightFailedError(PicklefleetError):
    """The process that judged a night ended without a report."""


@dataclass(frozen=True, slots=True)
class ChildJudge:
    """Runs `python -m drift_jobs --once NIGHT --judge-into FILE` and beats the claim's heart meanwhile."""

    environment: Mapping[str, str]
    beat_s: float = BEAT_S

    def __call__(self, night: date, claim: Claim) -> dict[str, Any]:
        """Raises NightFailedError, and ClaimEndedError at the claim's end; the child is dead by then."""
        with tempfile.TemporaryDirectory(prefix="picklefleet-night-") as folder:
            path = Path(folder, "report.json")
            command = [
                sys.executable,
                "-m",
                "drift_jobs",
                "--once",
                night.isoformat(),
                "--judge-into",
                str(path),
            ]
            with subprocess.Popen(command, env=dict(self.environment)) as process:  # noqa: S603 - our own module
                try:
                    code = self._wait(process, claim)
                finally:
                    process.kill()
            return _read(path, code)

    def _wait(self, process: subprocess.Popen[bytes], claim: Claim) -> int:
        while True:
            try:
                left = max(0.0, claim.ends_at - clock.monotonic())
                return process.wait(min(self.beat_s, left))
            except subprocess.TimeoutExpired:
                claim.heartbeat()


def limit_this_process(seconds: float) -> None:
    """Of CPU time and memory, in the child and for good."""
    for kind, most in ((resource.RLIMIT_CPU, int(seconds)), (resource.RLIMIT_AS, MEMORY_BYTES)):
        _, hard = resource.getrlimit(kind)
        capped = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (capped, capped))


def _read(path: Path, code: int) -> dict[str, Any]:
    if code == 0:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    if code == FAILED and path.exists():
        told = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
        raise NightFailedError(told["message"], fix=told["fix"])
    raise NightFailedError(
        f"The process that judged the night ended with code {code}.",
        fix="Its output is above: memory, CPU time or a bug ended it.",
    )
