"""The ring in containers that `make up` started, driven from outside: commands in the worker's container, requests through
the edge proxy.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lifecycle.bundle import Manifest, manifest_from_bytes
from lifecycle.errors import PicklefleetError
from samples.commands import Commands

_MANIFEST = (
    "import sys; from pathlib import Path; from lifecycle.bundle import MANIFEST; from lifecycle.machine import "
    "MachineDirectory; m = MachineDirectory(Path('/var/lib/picklefleet/machine')); "
    "sys.stdout.write((m.bundle(m.serving().digest) / MANIFEST).read_text())"
)
_TIMES = ("--env", "PICKLEFLEET_REPLAY=1", "--env", "PICKLEFLEET_LOG_LEVEL=warning")


@dataclass(slots=True)
class Ring(Commands):
    """`port` is where its edge proxy is published. The same questions as to an Installation."""

    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def keep(self, name: str, text: str) -> PurePosixPath:
        """A file that commands may name."""
        path = PurePosixPath("/tmp") / name  # noqa: S108 - of the container alone
        _require(_compose("exec", "-T", "worker", "tee", path, given=text))
        return path

    def manifest(self) -> Manifest:
        """Of the version that is champion on the machine."""
        found = _require(_compose("exec", "-T", "agent", "python", "-c", _MANIFEST))
        return manifest_from_bytes(found.encode())

    @contextmanager
    def serving(self) -> Iterator[None]:
        """With web processes that believe the time which a replayed request tells. Raises PicklefleetError where the
        ring is not up, or has a history already.
        """
        if not _require(_compose("ps", "--quiet", "--status", "running", "worker")).strip():
            raise PicklefleetError("The ring is not up.", fix="Start it: make up")
        if [entry["version"] for entry in self.ask("versions")] != ["v1"]:
            raise PicklefleetError("This ring has a history already.", fix="Begin anew: make down up demo")
        _require(
            _compose("up", "--detach", "--wait", "--no-deps", "blue", "green", REPLAY="behind-proxy"),
        )
        try:
            yield
        finally:
            _compose("up", "--detach", "--wait", "--no-deps", "blue", "green")

    def _execute(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        return _compose("exec", "-T", *_TIMES, "worker", "picklefleet", *words)

    def port_of(self, service: str, inside: int) -> int | None:
        """Where it is published; None where it is not running."""
        done = _compose("port", service, str(inside))
        return int(done.stdout.rpartition(":")[2]) if done.returncode == 0 and done.stdout.strip() else None


def _compose(*arguments: object, given: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    more = [f"{name}={text}" for name, text in environment.items()]
    return subprocess.run(  # noqa: S603 - the product's own containers
        ["env", *more, "docker", "compose", *map(str, arguments)],  # noqa: S607 - wherever Docker is
        cwd=Path(__file__).parents[1],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def _require(done: "subprocess.CompletedProcess[str]") -> str:
    if done.returncode != 0:
        raise PicklefleetError(
            f"{' '.join(done.args[1:5])} …: {done.stderr.strip()[-500:]}", fix="Is the ring up? make up"
        )
    return done.stdout
